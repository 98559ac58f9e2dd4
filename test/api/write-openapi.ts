// Writes the OpenAPI document as it is now to test/contract/openapi.json: at a release, after which nothing
// of it may break. `node test/api/write-openapi.ts`
import { writeFile } from 'node:fs/promises';
import { closeAll, openApi } from './open-api.ts';

const { api } = await openApi({});
const document = (await api.inject('/api/v1/openapi.json')).json<object>();
const file = new URL('../contract/openapi.json', import.meta.url);
await writeFile(file, `${JSON.stringify(document, null, 1)}\n`);
await closeAll();
