// Asks Plait's checker before each tool; whatever goes wrong, the tool is refused.
import { spawnSync } from "node:child_process";

const check: string[] = JSON.parse(process.env.PLAIT_SCOPE_CHECK ?? "[]");
delete process.env.PLAIT_SCOPE_CHECK; // no concern of the commands that it runs

function refusal(tool: string, given: unknown, cwd: string): string {
  if (check.length === 0) return "there is no checker of the scope";
  const asked = JSON.stringify({ tool_name: tool, tool_input: given, cwd });
  const told = spawnSync(check[0], check.slice(1), {
    input: asked,
    encoding: "utf8",
    timeout: 60000,
  });
  if (told.status !== 0) {
    return told.stderr || String(told.error ?? "the check of the scope failed");
  }
  const answer = JSON.parse(told.stdout).hookSpecificOutput;
  if (answer.permissionDecision === "allow") return "";
  return answer.permissionDecisionReason || "it is outside the package's scope";
}

export default function (pi: any) {
  pi.on("tool_call", async (event: any, context: any) => {
    let reason: string;
    try {
      reason = refusal(event.toolName, event.input, context?.cwd ?? process.cwd());
    } catch (error) {
      reason = `the check of the scope failed: ${error}`;
    }
    return reason ? { block: true, reason: `plait: ${reason}` } : undefined;
  });
}
