BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
CREATE TABLE approval (
	digest VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	"plan" VARCHAR NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_approval PRIMARY KEY (digest, number)
);
INSERT INTO "approval" VALUES('sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa',1,'Ada <ada@example.org>','p',1.79530457046010661131e+09);
CREATE TABLE audit (
	number BIGINT NOT NULL, 
	at DOUBLE NOT NULL, 
	run VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	who TEXT NOT NULL, 
	data TEXT NOT NULL, 
	previous VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79530457046010661131e+09,'','approved','Ada <ada@example.org>','{"digest":"sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa","plan":"p"}','0000000000000000000000000000000000000000000000000000000000000000','646e0e0938472590f7383b594d990e4979a0a1ab9131e8c9f5f1c7f1ae3789a1');
CREATE TABLE counter (
	name VARCHAR NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_counter PRIMARY KEY (name)
);
INSERT INTO "counter" VALUES('lock_token',0);
INSERT INTO "counter" VALUES('audit',1);
INSERT INTO "counter" VALUES('task_number',0);
INSERT INTO "counter" VALUES('note_number',0);
CREATE TABLE demand (
	session VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	types TEXT NOT NULL, 
	capabilities TEXT NOT NULL, 
	trust INTEGER NOT NULL, 
	until DOUBLE NOT NULL, 
	CONSTRAINT pk_demand PRIMARY KEY (session), 
	CONSTRAINT fk_demand_session FOREIGN KEY(session) REFERENCES session (id)
);
CREATE TABLE event (
	run VARCHAR NOT NULL, 
	seq INTEGER NOT NULL, 
	at DOUBLE NOT NULL, 
	type VARCHAR NOT NULL, 
	package VARCHAR, 
	attempt INTEGER, 
	epoch INTEGER, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_event PRIMARY KEY (run, seq), 
	CONSTRAINT fk_event_package FOREIGN KEY(run, package) REFERENCES package (run, id), 
	CONSTRAINT fk_event_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "event" VALUES('20261121-234250-cb1b',1,1.79530457054769659042e+09,'run_started',NULL,NULL,NULL,'{"plan":"p","format":"openspec-packages","digest":"sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","branch":"openspec/p","packages":["wp-a","wp-b","wp-c"],"done_before":[],"carried":[],"max_agents":2,"agents":["command:mkdir -p src/$PLAIT_PACKAGE; echo ok > src/$PLAIT_PACKAGE/made.txt"],"sandbox":"none","workspaces":"pool","budget_usd":null,"timeout_s":null}');
INSERT INTO "event" VALUES('20261121-234250-cb1b',2,1.79530457063801717754e+09,'attempt_started','wp-a',1,1,'{"package":"wp-a","attempt":1,"epoch":1,"agent":"command","worktree":"/repository/.plait/worktrees/w1","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","directory":"runs/20261121-234250-cb1b/wp-a/1","setup_s":0.0413055419921875,"provider":"command:mkdir -p src/$PLAIT_PACKAGE; echo ok > src/$PLAIT_PACKAGE/made.txt","sandbox":"none","session":"","built_on":[],"built_on_epochs":[]}');
INSERT INTO "event" VALUES('20261121-234250-cb1b',3,1.79530457065486288067e+09,'attempt_started','wp-c',1,1,'{"package":"wp-c","attempt":1,"epoch":1,"agent":"command","worktree":"/repository/.plait/worktrees/w2","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","directory":"runs/20261121-234250-cb1b/wp-c/1","setup_s":0.06103348731994629,"provider":"command:mkdir -p src/$PLAIT_PACKAGE; echo ok > src/$PLAIT_PACKAGE/made.txt","sandbox":"none","session":"","built_on":[],"built_on_epochs":[]}');
CREATE TABLE feature (
	id VARCHAR NOT NULL, 
	title TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	session VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	paths TEXT NOT NULL, 
	keys TEXT NOT NULL, 
	until DOUBLE NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT pk_feature PRIMARY KEY (id)
);
CREATE TABLE handoff (
	number BIGINT NOT NULL, 
	occasion VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	session VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	summary TEXT NOT NULL, 
	completed_work TEXT NOT NULL, 
	in_progress TEXT NOT NULL, 
	decisions TEXT NOT NULL, 
	next_steps TEXT NOT NULL, 
	relevant_files TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT pk_handoff PRIMARY KEY (number)
);
CREATE TABLE lock_key (
	token BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	CONSTRAINT pk_lock_key PRIMARY KEY (token), 
	CONSTRAINT fk_lock_key_package FOREIGN KEY(run, package) REFERENCES package (run, id)
);
CREATE TABLE memory (
	number INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	event VARCHAR NOT NULL, 
	summary TEXT NOT NULL, 
	details TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	lessons TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	cue TEXT NOT NULL, 
	steps TEXT NOT NULL, 
	agent TEXT NOT NULL, 
	session VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	count INTEGER NOT NULL, 
	confirmed INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	CONSTRAINT pk_memory PRIMARY KEY (number)
);
PRAGMA writable_schema=ON;
INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql)VALUES('table','memory_words','memory_words',0,'CREATE VIRTUAL TABLE memory_words USING fts5(text, content=''memory'', content_rowid=''number'', tokenize=''porter unicode61'')');
CREATE TABLE 'memory_words_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO "memory_words_config" VALUES('version',4);
CREATE TABLE 'memory_words_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO "memory_words_data" VALUES(1,X'');
INSERT INTO "memory_words_data" VALUES(10,X'00000000000000');
CREATE TABLE 'memory_words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'memory_words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE package (
	run VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	status VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	holder VARCHAR, 
	lease_until DOUBLE, 
	attempts INTEGER NOT NULL, 
	"commit" VARCHAR, 
	reason TEXT NOT NULL, 
	error_code VARCHAR, 
	updated_at DOUBLE NOT NULL, 
	CONSTRAINT pk_package PRIMARY KEY (run, id), 
	CONSTRAINT uq_package_run_position UNIQUE (run, position), 
	CONSTRAINT ck_package_lease_is_whole CHECK ((holder IS NULL) = (lease_until IS NULL)), 
	CONSTRAINT fk_package_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "package" VALUES('20261121-234250-cb1b','wp-a',0,'Build wp-a','running',1,'orchestrator',1.79539103059999108312e+09,1,NULL,'',NULL,1.79530457063801717754e+09);
INSERT INTO "package" VALUES('20261121-234250-cb1b','wp-b',1,'Build wp-b','pending',0,NULL,NULL,0,NULL,'',NULL,1.79530457054769659042e+09);
INSERT INTO "package" VALUES('20261121-234250-cb1b','wp-c',2,'Build wp-c','running',1,'orchestrator',1.79539103060699176787e+09,1,NULL,'',NULL,1.79530457065486288067e+09);
CREATE TABLE "plan" (
	run VARCHAR NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_plan PRIMARY KEY (run), 
	CONSTRAINT fk_plan_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "plan" VALUES('20261121-234250-cb1b','{"id": "p", "title": "The change p", "format": "openspec-packages", "feature": "p", "branch": "openspec/p", "digest": "sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa", "files": [{"path": "openspec/changes/p/work-packages.yaml", "sha256": "92de1426c03bc512ef57496ce185b200064b4ed64d3466fac1ca29162113bf93"}, {"path": "openspec/changes/p/contracts/README.md", "sha256": "de0797dfeeae16ca870251a6c6e44be6e819c1e14e97666f6b336418d41d0899"}], "packages": [{"id": "wp-a", "source_id": "wp-a", "title": "Build wp-a", "description": "Write what wp-a is for.", "kind": "implement", "status": "pending", "phase": null, "track": null, "group": null, "parent": null, "parallel": false, "optional": false, "needs": [], "scope": {"write": ["src/wp-a/**"], "read": ["**"], "deny": [], "confidence": "declared"}, "locks": {"files": [], "keys": []}, "checks": [{"name": "step 1", "kind": "command", "command": "true", "cwd": ".", "env": {}, "expect_exit_code": 0, "instructions": "", "required": [], "artifacts": [], "result_keys": []}], "tier": "A", "timeout_s": 60.0, "retry_budget": 0, "priority": 5, "estimate_s": null, "role": null, "archetype": null, "trust": 2, "requirements": [], "result_keys": ["done"], "guards": [], "reworks": [], "tasks": [], "markers": [], "documents": [], "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 5, "column": 5}, "own": false, "granted": []}, {"id": "wp-b", "source_id": "wp-b", "title": "Build wp-b", "description": "Write what wp-b is for.", "kind": "implement", "status": "pending", "phase": null, "track": null, "group": null, "parent": null, "parallel": false, "optional": false, "needs": [{"id": "wp-a", "provenance": "explicit", "note": "", "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 6, "column": 134}}], "scope": {"write": ["src/wp-b/**"], "read": ["**"], "deny": [], "confidence": "declared"}, "locks": {"files": [], "keys": []}, "checks": [{"name": "step 1", "kind": "command", "command": "true", "cwd": ".", "env": {}, "expect_exit_code": 0, "instructions": "", "required": [], "artifacts": [], "result_keys": []}], "tier": "A", "timeout_s": 60.0, "retry_budget": 1, "priority": 5, "estimate_s": null, "role": null, "archetype": null, "trust": 2, "requirements": [], "result_keys": ["done"], "guards": [], "reworks": [], "tasks": [], "markers": [], "documents": [], "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 6, "column": 5}, "own": false, "granted": []}, {"id": "wp-c", "source_id": "wp-c", "title": "Build wp-c", "description": "Write what wp-c is for.", "kind": "implement", "status": "pending", "phase": null, "track": null, "group": null, "parent": null, "parallel": false, "optional": false, "needs": [], "scope": {"write": ["src/wp-c/**"], "read": ["**"], "deny": [], "confidence": "declared"}, "locks": {"files": [], "keys": []}, "checks": [{"name": "step 1", "kind": "command", "command": "true", "cwd": ".", "env": {}, "expect_exit_code": 0, "instructions": "", "required": [], "artifacts": [], "result_keys": []}], "tier": "A", "timeout_s": 60.0, "retry_budget": 0, "priority": 5, "estimate_s": null, "role": null, "archetype": null, "trust": 2, "requirements": [], "result_keys": ["done"], "guards": [], "reworks": [], "tasks": [], "markers": [], "documents": [], "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 7, "column": 5}, "own": false, "granted": []}], "context": ["openspec/changes/p/proposal.md"], "contracts": {"primary": "openspec/changes/p/contracts/README.md", "files": ["openspec/changes/p/contracts/README.md"]}, "revisions": {"plan": 1, "contracts": 1}, "phased": false, "approvals": [], "max_agents": null, "wholes": [], "qa_results": null}');
CREATE TABLE port_lease (
	port INTEGER NOT NULL, 
	session VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	name VARCHAR NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT pk_port_lease PRIMARY KEY (port)
);
CREATE TABLE progress (
	number BIGINT NOT NULL, 
	session VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	task VARCHAR NOT NULL, 
	percent INTEGER, 
	message TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT pk_progress PRIMARY KEY (number)
);
CREATE TABLE question (
	number BIGINT NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	session VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	text TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	who TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	answered_at DOUBLE NOT NULL, 
	CONSTRAINT pk_question PRIMARY KEY (number)
);
CREATE TABLE request (
	run VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	data TEXT NOT NULL, 
	who TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	answer TEXT, 
	CONSTRAINT pk_request PRIMARY KEY (run, number), 
	CONSTRAINT fk_request_run FOREIGN KEY(run) REFERENCES run (id)
);
CREATE TABLE run (
	id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	"plan" VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	branch VARCHAR NOT NULL, 
	base VARCHAR NOT NULL, 
	head VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	seq INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	options TEXT NOT NULL, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT uq_run_number UNIQUE (number)
);
INSERT INTO "run" VALUES('20261121-234250-cb1b',1,'p','sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa','openspec/p','faaf890dbed0c1f2f0260d507d88c579e94b5be0','faaf890dbed0c1f2f0260d507d88c579e94b5be0','running',3,1.7953045705337541103e+09,1.79530457065486288067e+09,'{"agents": ["command:mkdir -p src/$PLAIT_PACKAGE; echo ok > src/$PLAIT_PACKAGE/made.txt"], "packages": ["wp-a", "wp-b", "wp-c"], "seats": [], "base": "HEAD", "branch": null, "fresh": false, "max_agents": 2, "fail_fast": false, "stop_on": "", "checks": [], "land_checks": [], "budget_usd": null, "timeout_s": null, "held": {"asked": "", "tier": "", "write": [], "read": [], "hosts": null}, "pull_request": false, "target": "main", "review": {"reviewers": [], "quorum": 1, "rounds": 3, "required": true}}');
CREATE TABLE scope_ask (
	number BIGINT NOT NULL, 
	session VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	paths TEXT NOT NULL, 
	request INTEGER NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT pk_scope_ask PRIMARY KEY (number)
);
CREATE TABLE session (
	id VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	secret VARCHAR(64) NOT NULL, 
	state VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	trust INTEGER NOT NULL, 
	capabilities TEXT NOT NULL, 
	doing TEXT NOT NULL, 
	delegated_from VARCHAR NOT NULL, 
	paths TEXT NOT NULL, 
	ttl_s DOUBLE NOT NULL, 
	until DOUBLE NOT NULL, 
	created_at DOUBLE NOT NULL, 
	CONSTRAINT pk_session PRIMARY KEY (id)
);
CREATE TABLE session_lock (
	token BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	session VARCHAR NOT NULL, 
	agent TEXT NOT NULL, 
	until DOUBLE NOT NULL, 
	run VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_session_lock PRIMARY KEY (token), 
	CONSTRAINT fk_session_lock_session FOREIGN KEY(session) REFERENCES session (id)
);
CREATE TABLE step (
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	outcome TEXT NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_step PRIMARY KEY (run, package, epoch, name), 
	CONSTRAINT fk_step_package FOREIGN KEY(run, package) REFERENCES package (run, id)
);
INSERT INTO "step" VALUES('20261121-234250-cb1b','wp-a',1,'workspace','{"worktree":"/repository/.plait/worktrees/w1","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","attempt":1}',1.79530457063801717754e+09);
INSERT INTO "step" VALUES('20261121-234250-cb1b','wp-a',1,'locks','{"attempt":1}',1.79530457063801717754e+09);
INSERT INTO "step" VALUES('20261121-234250-cb1b','wp-a',1,'brief','{"directory":"runs/20261121-234250-cb1b/wp-a/1","attempt":1}',1.79530457063801717754e+09);
INSERT INTO "step" VALUES('20261121-234250-cb1b','wp-c',1,'workspace','{"worktree":"/repository/.plait/worktrees/w2","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","attempt":1}',1.79530457065486288067e+09);
INSERT INTO "step" VALUES('20261121-234250-cb1b','wp-c',1,'locks','{"attempt":1}',1.79530457065486288067e+09);
INSERT INTO "step" VALUES('20261121-234250-cb1b','wp-c',1,'brief','{"directory":"runs/20261121-234250-cb1b/wp-c/1","attempt":1}',1.79530457065486288067e+09);
CREATE TABLE task (
	id VARCHAR NOT NULL, 
	number BIGINT NOT NULL, 
	type VARCHAR NOT NULL, 
	title TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	input TEXT NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	place TEXT NOT NULL, 
	needs TEXT NOT NULL, 
	capabilities TEXT NOT NULL, 
	trust INTEGER NOT NULL, 
	priority INTEGER NOT NULL, 
	session VARCHAR NOT NULL, 
	token INTEGER NOT NULL, 
	until DOUBLE NOT NULL, 
	claims INTEGER NOT NULL, 
	most_claims INTEGER NOT NULL, 
	result TEXT, 
	reason TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	created_at DOUBLE NOT NULL, 
	updated_at DOUBLE NOT NULL, 
	CONSTRAINT pk_task PRIMARY KEY (id), 
	CONSTRAINT uq_task_number UNIQUE (number)
);
CREATE TABLE task_need (
	task VARCHAR NOT NULL, 
	needs VARCHAR NOT NULL, 
	CONSTRAINT pk_task_need PRIMARY KEY (task, needs), 
	CONSTRAINT fk_task_need_task FOREIGN KEY(task) REFERENCES task (id), 
	CONSTRAINT fk_task_need_needs FOREIGN KEY(needs) REFERENCES task (id)
);
CREATE TABLE trunk (
	run VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	holder VARCHAR, 
	lease_until DOUBLE, 
	CONSTRAINT pk_trunk PRIMARY KEY (run), 
	CONSTRAINT ck_trunk_lease_is_whole CHECK ((holder IS NULL) = (lease_until IS NULL)), 
	CONSTRAINT fk_trunk_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "trunk" VALUES('20261121-234250-cb1b',0,NULL,NULL);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'rows of the audit are kept as they are'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'rows of the audit are kept as they are'); END;
CREATE INDEX ix_session_state ON session (state);
CREATE INDEX ix_task_session ON task (session);
CREATE INDEX ix_task_state_priority_number ON task (state, priority, number);
CREATE INDEX ix_task_run_state ON task (run, state);
CREATE INDEX ix_handoff_run_number ON handoff (run, number);
CREATE INDEX ix_memory_digest ON memory (digest);
CREATE INDEX ix_memory_kind_updated_at ON memory (kind, updated_at);
CREATE TRIGGER memory_words_added AFTER INSERT ON memory BEGIN INSERT INTO memory_words (rowid, text) VALUES (new.number, new.text); END;
CREATE TRIGGER memory_words_gone AFTER DELETE ON memory BEGIN INSERT INTO memory_words (memory_words, rowid, text) VALUES ('delete', old.number, old.text); END;
CREATE TRIGGER memory_words_changed AFTER UPDATE OF text ON memory BEGIN INSERT INTO memory_words (memory_words, rowid, text) VALUES ('delete', old.number, old.text); INSERT INTO memory_words (rowid, text) VALUES (new.number, new.text); END;
CREATE INDEX ix_scope_ask_run_package ON scope_ask (run, package);
CREATE INDEX ix_port_lease_session ON port_lease (session);
CREATE INDEX ix_question_session ON question (session);
CREATE INDEX ix_question_run_answered_at ON question (run, answered_at);
CREATE INDEX ix_progress_run ON progress (run);
CREATE INDEX ix_task_need_needs ON task_need (needs);
CREATE INDEX ix_session_lock_session ON session_lock (session);
PRAGMA writable_schema=OFF;
COMMIT;
