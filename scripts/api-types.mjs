// Writes dashboards/src/generated/api-types.ts from the built registry: what the web app's client knows
// about every analysis. Made by the build, so it can't be older than the analyses.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = path.join(root, 'dashboards/src/generated/api-types.ts');

/** TypeScript of a JSON Schema, as far as parameters and rows use it. */
export function typeOf(schema) {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ');
  }
  if (schema.type === 'integer') return 'number';
  if (schema.type === 'array') return `(${typeOf(schema.items ?? {})})[]`;
  if (['string', 'number', 'boolean', 'null'].includes(schema.type)) return schema.type;
  if (schema.type === 'object') return 'Record<string, unknown>';
  return 'unknown';
}

function fields(schema, optional) {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const comment = field.description
      ? `      /** ${field.description.replaceAll('*/', '* /')} */\n`
      : '';
    const mark = optional && !(schema.required ?? []).includes(name) ? '?' : '';
    return `${comment}      ${name}${mark}: ${typeOf(field)};\n`;
  });
}

/** The module's text for these analyses, as `GET /api/v1/analyses` describes them. */
export function apiTypes(described) {
  const entries = described.map(
    ({ name, params, row }) =>
      `  '${name}': {\n    params: {\n${fields(params, true).join('')}    };\n    row: {\n${fields(row, false).join('')}    };\n  };\n`,
  );
  return `// Made by scripts/api-types.mjs from the registry; not edited by hand.\n\n/** Parameters and rows of every analysis. */\nexport interface Analyses {\n${entries.join('')}}\n\nexport type AnalysisName = keyof Analyses;\n`;
}

/** Writes the module when it changed; the registry is the built one. */
export async function writeApiTypes() {
  const built = (name) => import(pathToFileURL(path.join(root, 'dist', name)).href);
  const { analyses } = await built('analytics/registry.js');
  const { describeAnalysis } = await built('api/analysis-routes.js');
  const text = apiTypes([...(await analyses()).values()].map(describeAnalysis));
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
