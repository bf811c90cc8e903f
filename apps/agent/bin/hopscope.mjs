#!/usr/bin/env node
// Starts the built agent. Kept so plain that it runs, and can complain, on any Node.
import { existsSync } from 'node:fs';

const agent = new URL('../dist/hopscope.mjs', import.meta.url);
if (existsSync(agent)) {
  await import(agent.href);
} else {
  process.stderr.write('hopscope: the agent is not built: run npm run build\n');
  process.exitCode = 1;
}
