// `npm run lint`: runs every check, says what each complains of, fails when one does.
import { join } from 'node:path';
import { checks } from './checks.ts';

const root = process.argv[2] ?? join(import.meta.dirname, '..', '..');

const results = await Promise.all(
  Object.entries(checks).map(async ([name, check]) => ({ name, complaints: await check(root) })),
);
for (const { name, complaints } of results) {
  console.log(`${complaints.length === 0 ? 'ok  ' : 'BAD '} ${name}`);
  for (const complaint of complaints) console.log(`       ${complaint}`);
}
if (results.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1;
