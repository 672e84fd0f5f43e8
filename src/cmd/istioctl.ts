#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { text } from 'node:stream/consumers';
import { runIstioctl } from '../cli/program.ts';

enableCompileCache();
process.exitCode = await runIstioctl(process.argv.slice(2), {
  env: process.env,
  terminal: process.stdout.isTTY === true,
  out: (output) => void process.stdout.write(output),
  err: (output) => void process.stderr.write(output),
  readStdin: () => text(process.stdin),
});
