import { ApiProblem, get, getJson, setToken, takeToken } from './api-client.ts';
import { h, replace } from './dom.ts';
import { shellWord } from '../../core/command-line.ts';
import { problemNode } from './problem.ts';

interface Parameter {
  name: string;
  required?: boolean;
  description?: string;
  example?: unknown;
  schema: { type?: string; enum?: string[]; default?: unknown };
}

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  parameters: Parameter[];
}

interface Document {
  info: { title: string; version: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, { get: Operation }>;
}

const app = document.querySelector<HTMLElement>('#app')!;
const answer_chars_max = 20_000;

takeToken();
void start();

async function start(): Promise<void> {
  try {
    render(await getJson<Document>('/openapi.json'));
  } catch (error) {
    const needsToken = error instanceof ApiProblem && error.status === 401;
    replace(
      app,
      h('main', {}, h('h1', {}, 'keymeter API'), needsToken ? tokenForm() : problemNode(error)),
    );
  }
}

function tokenForm(): HTMLElement {
  const input = h('input', { type: 'password', autocomplete: 'off', required: true });
  const submit = (event: Event) => {
    event.preventDefault();
    setToken(input.value.trim());
    void start();
  };
  return h(
    'form',
    { class: 'params', onsubmit: submit },
    h('label', {}, 'Token', input),
    h('button', { type: 'submit' }, 'Open'),
  );
}

function render(document: Document): void {
  const operations = Object.entries(document.paths);
  const groups = document.tags.map((tag) => ({
    tag,
    members: operations.filter(([, path]) => path.get.tags.includes(tag.name)),
  }));
  replace(
    app,
    h(
      'header',
      { class: 'top' },
      h('a', { class: 'brand', href: '/' }, 'keymeter'),
      h(
        'nav',
        { 'aria-label': 'Pages' },
        h('a', { href: '/' }, 'Pages'),
        h('a', { href: '/openapi.json' }, 'OpenAPI 3.1'),
      ),
    ),
    h(
      'main',
      {},
      h('h1', {}, 'keymeter API'),
      h('p', {}, document.info.description),
      ...groups.flatMap(({ tag, members }) => [
        h('h2', { class: 'group' }, tag.description),
        ...members.map(([path, { get: operation }]) => operationPanel(path, operation)),
      ]),
    ),
  );
}

function operationPanel(path: string, operation: Operation): HTMLElement {
  const [question, ...caveats] = (operation.description ?? '').split('\n');
  return h(
    'details',
    { class: 'panel operation', id: operation.operationId },
    h('summary', {}, h('code', {}, `GET ${path}`), ` ${operation.summary}`),
    question ? h('p', {}, question) : null,
    caveats.length > 0 &&
      h('ul', { class: 'muted' }, ...caveats.map((one) => h('li', {}, one.replace(/^- /, '')))),
    requestForm(path, operation),
  );
}

function requestForm(path: string, operation: Operation): HTMLElement {
  const output = h('pre', { tabindex: '0', hidden: true });
  const command = h('code', {});
  const form = h(
    'form',
    { class: 'params', onsubmit: (event) => void send(event) },
    ...operation.parameters.filter(({ schema }) => schema.type !== 'object').map(field),
    h('button', { type: 'submit' }, 'Send'),
  );
  form.addEventListener('input', showCommand);
  showCommand();
  return h('div', {}, form, h('p', {}, command), output);

  function address(): string {
    const search = new URLSearchParams();
    let filled = path;
    for (const [name, value] of new FormData(form)) {
      const text = String(value);
      if (path.includes(`{${name}}`)) {
        filled = filled.replace(`{${name}}`, () => encodeURIComponent(text));
      } else if (text !== '') search.set(name, text);
    }
    const query = search.toString();
    return query ? `${filled}?${query}` : filled;
  }

  function showCommand(): void {
    command.textContent = `curl ${shellWord(location.origin + address())}`;
  }

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    output.hidden = false;
    output.textContent = 'Asking…';
    const stop = new AbortController();
    try {
      const response = await get(address(), stop.signal);
      const type = response.headers.get('content-type') ?? '';
      output.textContent = type.startsWith('text/event-stream')
        ? await firstPart(response)
        : shortened(type, await response.text());
    } catch (error) {
      output.textContent =
        error instanceof ApiProblem
          ? `${error.status} ${error.message}\n${error.fix}`
          : String(error);
    } finally {
      stop.abort();
    }
  }
}

/** An event stream has no end: what came first is the example. */
async function firstPart(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

function shortened(type: string, text: string): string {
  const pretty =
    type.includes('json') && !type.includes('ndjson')
      ? JSON.stringify(JSON.parse(text), null, 2)
      : text;
  return pretty.length > answer_chars_max
    ? `${pretty.slice(0, answer_chars_max)}\n… ${pretty.length - answer_chars_max} more characters`
    : pretty;
}

function field(parameter: Parameter): HTMLElement {
  const { name, schema, required } = parameter;
  const options = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined);
  const value = parameter.example === undefined ? '' : String(parameter.example);
  const placeholder = schema.default === undefined ? '' : String(schema.default);
  const input = options
    ? h(
        'select',
        { name },
        h('option', { value: '' }, placeholder ? `${placeholder} (default)` : ''),
        ...options.map((one) => h('option', { value: one, selected: one === value }, one)),
      )
    : h('input', { name, value, placeholder, required: required === true, autocomplete: 'off' });
  return h('label', { title: parameter.description }, name, input);
}
