import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../../functions/lookup/openapi.ts';

// Writes the committed OpenAPI document from the schemas: `npx tsx test/support/write-openapi.ts`, then the formatter.
writeFileSync(
  new URL('../../functions/lookup/openapi.json', import.meta.url),
  `${JSON.stringify(openApiDocument(), null, 2)}\n`,
);
