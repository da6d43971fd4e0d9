// An agent from elsewhere, on the TypeScript SDK of MCP: as worker.py, and called alike.
// It has listed the tools, so that the SDK holds each answer against its output schema.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [name, way, target, stop, plait] = process.argv.slice(2);
const client = new Client({ name, version: "1.0" });
const transport =
  way === "pipe"
    ? new StdioClientTransport({
        command: plait,
        args: ["mcp", "--repo", target, "--agent", name],
        env: process.env,
      })
    : new StreamableHTTPClientTransport(new URL(target));
await client.connect(transport);
const tools = (await client.listTools()).tools.map((each) => each.name);
for (const verb of ["get_work", "heartbeat", "complete_work", "end_session"]) {
  if (!tools.includes(verb)) throw new Error(`there is no tool ${verb}`);
}
await client.listResources();
await client.listPrompts();

async function use(verb, given = {}) {
  const answer = await client.callTool({ name: verb, arguments: given });
  if (answer.isError) throw new Error(`${verb}: ${JSON.stringify(answer.content)}`);
  return answer.structuredContent;
}

if (way !== "pipe") await use("register_session", { agent: name, ttl_s: 30 });
while (!existsSync(stop)) {
  const { work } = await use("get_work", { types: ["package"], wait_s: 0.5 });
  if (work === null) continue;
  if (!work.input.brief.includes(work.package)) throw new Error("the brief is of something else");
  const path = join(work.input.workspace.path, "src", work.package, "made.txt");
  await new Promise((done) => setTimeout(done, 500)); // whoever waits gets the next one
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${name}\n`);
  const alive = await use("heartbeat", { doing: `working on ${work.package}` });
  const claimed = alive.claims.filter((each) => each.state === "claimed").map((each) => each.task);
  const done = await use("complete_work", {
    task: work.task,
    token: work.token,
    summary: "wrote it",
    result: { status: "completed" },
  });
  const held = claimed.length === 1 && claimed[0] === work.task;
  process.stdout.write(JSON.stringify({ package: work.package, held, ...done }) + "\n");
}
await use("end_session");
await client.close();
