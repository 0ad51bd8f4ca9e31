import type { DuckDBType } from '@duckdb/node-api';
import type {
  ColumnChunk,
  Engine,
  JsonRow,
  QueryOptions,
  QueryTable,
  SqlParams,
} from '../engine.ts';
import { namedColumns } from '../named-columns.ts';
import { DuckDBTypeId } from './package.ts';
import type { Query, ResultChunk } from './result-chunks.ts';
import { jsonValue } from './values.ts';

/** Types whose values are JSON as DuckDB gives them: most columns of a stream are, and stay untouched. */
const isJson = ({ typeId }: DuckDBType) =>
  typeId === DuckDBTypeId.INTEGER ||
  typeId === DuckDBTypeId.VARCHAR ||
  typeId === DuckDBTypeId.BOOLEAN;

/** Rows and streams as JSON over a source of result chunks. */
export abstract class ChunkEngine implements Engine {
  protected abstract chunks(query: Query): AsyncGenerator<ResultChunk>;
  abstract dataVersion(): Promise<string>;

  async rows(sql: string, params: SqlParams = {}, options: QueryOptions = {}): Promise<JsonRow[]> {
    const { rows } = await this.#collect({ sql, params, options, only: namedColumns(sql) });
    return rows;
  }

  /** Rows and column names of any query, over all columns of kms_events. */
  table(sql: string, options: QueryOptions = {}): Promise<QueryTable> {
    return this.#collect({ sql, params: {}, options, only: null });
  }

  async *stream(
    sql: string,
    params: SqlParams = {},
    options: QueryOptions = {},
  ): AsyncGenerator<ColumnChunk> {
    for await (const result of this.chunks({ sql, params, options, only: namedColumns(sql) })) {
      if (result.rowCount === 0) continue;
      yield {
        rowCount: result.rowCount,
        columns: result.columns.map((values, i) =>
          isJson(result.types[i]!)
            ? values
            : values.map((value) => jsonValue(value, result.types[i]!)),
        ),
      };
    }
  }

  async #collect(query: Query): Promise<QueryTable> {
    const rows: JsonRow[] = [];
    let names: readonly string[] = [];
    for await (const result of this.chunks(query)) {
      names = result.names;
      for (let row = 0; row < result.rowCount; row++) {
        const object: JsonRow = {};
        for (let i = 0; i < names.length; i++) {
          object[names[i]!] = jsonValue(result.columns[i]![row]!, result.types[i]!);
        }
        rows.push(object);
      }
    }
    return { columns: [...names], rows };
  }
}
