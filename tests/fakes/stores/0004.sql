BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE approval (
	digest VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	who TEXT NOT NULL, 
	"plan" VARCHAR NOT NULL, 
	at DOUBLE NOT NULL, 
	CONSTRAINT pk_approval PRIMARY KEY (digest, number)
);
INSERT INTO "approval" VALUES('sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa',1,'Ada <ada@example.org>','p',1.79525739007318401339e+09);
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
INSERT INTO "audit" VALUES(1,1.79525739007318401339e+09,'','approved','Ada <ada@example.org>','{"digest":"sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa","plan":"p"}','0000000000000000000000000000000000000000000000000000000000000000','e2e011747ee3139075de17be5abbad411b9eb95f70aed5f097d1e0fb0ae00474');
CREATE TABLE counter (
	name VARCHAR NOT NULL, 
	value BIGINT NOT NULL, 
	CONSTRAINT pk_counter PRIMARY KEY (name)
);
INSERT INTO "counter" VALUES('lock_token',0);
INSERT INTO "counter" VALUES('audit',1);
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
INSERT INTO "event" VALUES('20261121-103630-902f',1,1.79525739013389945032e+09,'run_started',NULL,NULL,NULL,'{"plan":"p","format":"openspec-packages","digest":"sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","branch":"openspec/p","packages":["wp-a","wp-b","wp-c"],"done_before":[],"carried":[],"max_agents":6,"agents":["command:mkdir -p src/$PLAIT_PACKAGE; echo ok > src/$PLAIT_PACKAGE/made.txt"],"sandbox":"none"}');
INSERT INTO "event" VALUES('20261121-103630-902f',2,1.79525739025310826306e+09,'attempt_started','wp-a',1,1,'{"package":"wp-a","attempt":1,"epoch":1,"agent":"command","worktree":"/repository/.plait/worktrees/w1","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","directory":"runs/20261121-103630-902f/wp-a/1","setup_s":0.035582780838012695}');
INSERT INTO "event" VALUES('20261121-103630-902f',3,1.79525739027282595638e+09,'attempt_started','wp-c',1,1,'{"package":"wp-c","attempt":1,"epoch":1,"agent":"command","worktree":"/repository/.plait/worktrees/w2","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0","directory":"runs/20261121-103630-902f/wp-c/1","setup_s":0.05532646179199219}');
CREATE TABLE lock_key (
	token BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	run VARCHAR NOT NULL, 
	package VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	CONSTRAINT pk_lock_key PRIMARY KEY (token), 
	CONSTRAINT fk_lock_key_package FOREIGN KEY(run, package) REFERENCES package (run, id)
);
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
INSERT INTO "package" VALUES('20261121-103630-902f','wp-a',0,'Build wp-a','running',1,'orchestrator',1.7953437902180001736e+09,1,NULL,'',NULL,1.79525739025310826306e+09);
INSERT INTO "package" VALUES('20261121-103630-902f','wp-b',1,'Build wp-b','pending',0,NULL,NULL,0,NULL,'',NULL,1.79525739013389945032e+09);
INSERT INTO "package" VALUES('20261121-103630-902f','wp-c',2,'Build wp-c','running',1,'orchestrator',1.79534379022001171115e+09,1,NULL,'',NULL,1.79525739027282595638e+09);
CREATE TABLE "plan" (
	run VARCHAR NOT NULL, 
	document TEXT NOT NULL, 
	CONSTRAINT pk_plan PRIMARY KEY (run), 
	CONSTRAINT fk_plan_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "plan" VALUES('20261121-103630-902f','{"id": "p", "title": "The change p", "format": "openspec-packages", "feature": "p", "branch": "openspec/p", "digest": "sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa", "files": [{"path": "openspec/changes/p/work-packages.yaml", "sha256": "92de1426c03bc512ef57496ce185b200064b4ed64d3466fac1ca29162113bf93"}, {"path": "openspec/changes/p/contracts/README.md", "sha256": "de0797dfeeae16ca870251a6c6e44be6e819c1e14e97666f6b336418d41d0899"}], "packages": [{"id": "wp-a", "source_id": "wp-a", "title": "Build wp-a", "description": "Write what wp-a is for.", "kind": "implement", "status": "pending", "phase": null, "track": null, "group": null, "parent": null, "parallel": false, "optional": false, "needs": [], "scope": {"write": ["src/wp-a/**"], "read": ["**"], "deny": [], "confidence": "declared"}, "locks": {"files": [], "keys": []}, "checks": [{"name": "step 1", "kind": "command", "command": "true", "cwd": ".", "env": {}, "expect_exit_code": 0, "instructions": "", "artifacts": [], "result_keys": []}], "tier": "A", "timeout_s": 60.0, "retry_budget": 0, "priority": 5, "estimate_s": null, "role": null, "requirements": [], "result_keys": ["done"], "guards": [], "reworks": [], "tasks": [], "markers": [], "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 5, "column": 5}}, {"id": "wp-b", "source_id": "wp-b", "title": "Build wp-b", "description": "Write what wp-b is for.", "kind": "implement", "status": "pending", "phase": null, "track": null, "group": null, "parent": null, "parallel": false, "optional": false, "needs": [{"id": "wp-a", "provenance": "explicit", "note": "", "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 6, "column": 134}}], "scope": {"write": ["src/wp-b/**"], "read": ["**"], "deny": [], "confidence": "declared"}, "locks": {"files": [], "keys": []}, "checks": [{"name": "step 1", "kind": "command", "command": "true", "cwd": ".", "env": {}, "expect_exit_code": 0, "instructions": "", "artifacts": [], "result_keys": []}], "tier": "A", "timeout_s": 60.0, "retry_budget": 1, "priority": 5, "estimate_s": null, "role": null, "requirements": [], "result_keys": ["done"], "guards": [], "reworks": [], "tasks": [], "markers": [], "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 6, "column": 5}}, {"id": "wp-c", "source_id": "wp-c", "title": "Build wp-c", "description": "Write what wp-c is for.", "kind": "implement", "status": "pending", "phase": null, "track": null, "group": null, "parent": null, "parallel": false, "optional": false, "needs": [], "scope": {"write": ["src/wp-c/**"], "read": ["**"], "deny": [], "confidence": "declared"}, "locks": {"files": [], "keys": []}, "checks": [{"name": "step 1", "kind": "command", "command": "true", "cwd": ".", "env": {}, "expect_exit_code": 0, "instructions": "", "artifacts": [], "result_keys": []}], "tier": "A", "timeout_s": 60.0, "retry_budget": 0, "priority": 5, "estimate_s": null, "role": null, "requirements": [], "result_keys": ["done"], "guards": [], "reworks": [], "tasks": [], "markers": [], "span": {"file": "openspec/changes/p/work-packages.yaml", "line": 7, "column": 5}}], "context": ["openspec/changes/p/proposal.md"], "contracts": {"primary": "openspec/changes/p/contracts/README.md", "files": ["openspec/changes/p/contracts/README.md"]}, "revisions": {"plan": 1, "contracts": 1}, "phased": false, "approvals": [], "max_agents": null, "wholes": []}');
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
INSERT INTO "run" VALUES('20261121-103630-902f',1,'p','sha256:d64da29b366fa57540b8dae1ff7ec8031188cbfc1ea6d5aeef6c9814f24db5fa','openspec/p','faaf890dbed0c1f2f0260d507d88c579e94b5be0','faaf890dbed0c1f2f0260d507d88c579e94b5be0','running',3,1.79525739012260675429e+09,1.79525739027282595638e+09,'{"agents": ["command:mkdir -p src/$PLAIT_PACKAGE; echo ok > src/$PLAIT_PACKAGE/made.txt"], "packages": ["wp-a", "wp-b", "wp-c"], "base": "HEAD", "branch": null, "fresh": false, "max_agents": 6, "fail_fast": false, "stop_on": "", "checks": [], "land_checks": []}');
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
INSERT INTO "step" VALUES('20261121-103630-902f','wp-a',1,'workspace','{"worktree":"/repository/.plait/worktrees/w1","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0"}',1.79525739025310826306e+09);
INSERT INTO "step" VALUES('20261121-103630-902f','wp-a',1,'locks','{}',1.79525739025310826306e+09);
INSERT INTO "step" VALUES('20261121-103630-902f','wp-a',1,'brief','{"directory":"runs/20261121-103630-902f/wp-a/1"}',1.79525739025310826306e+09);
INSERT INTO "step" VALUES('20261121-103630-902f','wp-c',1,'workspace','{"worktree":"/repository/.plait/worktrees/w2","base":"faaf890dbed0c1f2f0260d507d88c579e94b5be0"}',1.79525739027282595638e+09);
INSERT INTO "step" VALUES('20261121-103630-902f','wp-c',1,'locks','{}',1.79525739027282595638e+09);
INSERT INTO "step" VALUES('20261121-103630-902f','wp-c',1,'brief','{"directory":"runs/20261121-103630-902f/wp-c/1"}',1.79525739027282595638e+09);
CREATE TABLE trunk (
	run VARCHAR NOT NULL, 
	epoch INTEGER NOT NULL, 
	holder VARCHAR, 
	lease_until DOUBLE, 
	CONSTRAINT pk_trunk PRIMARY KEY (run), 
	CONSTRAINT ck_trunk_lease_is_whole CHECK ((holder IS NULL) = (lease_until IS NULL)), 
	CONSTRAINT fk_trunk_run FOREIGN KEY(run) REFERENCES run (id)
);
INSERT INTO "trunk" VALUES('20261121-103630-902f',0,NULL,NULL);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'rows of the audit are kept as they are'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'rows of the audit are kept as they are'); END;
COMMIT;
