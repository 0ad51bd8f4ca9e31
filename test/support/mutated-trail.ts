/**
 * Log files as no service writes them but JSON allows: white space anywhere, escapes in keys and values,
 * keys reordered or twice, look-alike events nested in others, huge numbers, any Unicode. For tests
 * that compare a fast reader with a slow one.
 */
export interface Ingredients {
  /** Decides all choices: the same seed gives the same file. */
  seed: number;
  /** Texts to put in as values, keys and user agents. */
  words: readonly string[];
  /** JSON values to put in where an object or anything else may stand. */
  values: readonly unknown[];
  records: number;
}

const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/k';
const kmsNames = ['Decrypt', 'GenerateDataKey', 'CreateKey'];
const relatedNames = [
  'GetObject',
  'PutObject',
  'AssumeRole',
  'ModifySnapshotAttribute',
  'GetSecretValue',
];

/** A JSON object as text has it: keys may repeat. */
class Members {
  readonly list: [string, unknown][];

  constructor(list: [string, unknown][]) {
    this.list = list;
  }
}

/** A number as text: more digits than JavaScript keeps. */
class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export function mutatedFile(ingredients: Ingredients): string {
  return new MutatedTrail(ingredients).file();
}

class MutatedTrail {
  readonly #ingredients: Ingredients;
  #state: number;
  /** Chance of each oddity; drawn for each file, so that some files are nearly plain. */
  readonly #oddness: number;

  constructor(ingredients: Ingredients) {
    this.#ingredients = ingredients;
    this.#state = ingredients.seed >>> 0;
    this.#oddness = this.#pick([0, 0.01, 0.05, 0.3]);
  }

  file(): string {
    const records = Array.from({ length: this.#ingredients.records }, () => this.#record());
    const members: [string, unknown][] = [['Records', records]];
    if (this.#chance(0.1)) members.unshift(['before', this.#any()]);
    if (this.#chance(0.1)) members.push(['after', this.#any()]);
    return this.#space() + this.#object(members, false) + this.#space();
  }

  #record(): unknown {
    if (this.#odd(0.3)) return this.#pick([null, 7, 'x', [], new Members([]), this.#any()]);
    const kms = this.#chance(0.6);
    const members: [string, unknown][] = [
      ['eventVersion', '1.11'],
      ['userIdentity', this.#identity()],
      ['eventTime', this.#time()],
      ['eventSource', kms ? 'kms.amazonaws.com' : this.#source()],
      ['eventName', this.#pick([...(kms ? kmsNames : relatedNames), this.#word()])],
      ['awsRegion', 'eu-west-1'],
      ['sourceIPAddress', this.#pick(['10.1.2.3', 'AWS Internal', this.#word()])],
      ['userAgent', this.#word()],
      ['requestParameters', kms || this.#chance(0.3) ? this.#parameters() : this.#subject()],
      ['responseElements', this.#pick([null, this.#any()])],
      ['requestID', this.#id()],
      ['eventID', this.#id()],
      ['readOnly', this.#chance(0.5)],
      [
        'resources',
        [new Members([['ARN', kms ? keyArn : `arn:aws:s3:::b/${this.#word()}`]]), this.#any()],
      ],
      ['eventType', 'AwsApiCall'],
      ['recipientAccountId', '111122223333'],
    ];
    if (this.#chance(0.3)) members.push(['sharedEventID', this.#id()]);
    if (this.#chance(0.2))
      members.push(['errorCode', 'ThrottlingException'], ['errorMessage', this.#word()]);
    if (this.#chance(0.2)) members.push(['additionalEventData', this.#any()]);
    if (this.#chance(0.2)) members.push(['tlsDetails', new Members([['tlsVersion', 'TLSv1.3']])]);
    if (this.#odd(0.5)) members.splice(this.#below(members.length), 1);
    if (this.#odd(0.5)) members.splice(this.#below(members.length), 0, [this.#word(), this.#any()]);
    if (this.#odd(0.5)) members.push([this.#pick(members)[0], this.#pick(members)[1]]);
    if (this.#odd(0.5))
      members.push(['eventSource', this.#pick(['kms.amazonaws.com', 's3.amazonaws.com'])]);
    if (this.#odd(1)) this.#shuffle(members);
    return new Members(members);
  }

  #identity(): unknown {
    return new Members([
      ['type', 'AssumedRole'],
      ['arn', `arn:aws:sts::111122223333:assumed-role/r/${this.#word()}`],
      ['nested', this.#lookAlike()],
    ]);
  }

  /** An event inside an event: its eventSource says nothing of the outer one. */
  #lookAlike(): unknown {
    const inner = new Members([
      ['eventSource', this.#pick(['kms.amazonaws.com', 's3.amazonaws.com'])],
      ['eventVersion', '1.08'],
      ['Records', []],
    ]);
    return this.#pick([
      inner,
      [inner],
      JSON.stringify({ eventSource: 'kms.amazonaws.com' }),
      this.#any(),
    ]);
  }

  #parameters(): unknown {
    if (this.#odd(0.3)) return this.#pick([null, [], 'text', 0, new Members([])]);
    const members: [string, unknown][] = [
      ['keyId', this.#pick(['alias/a', 'arn:aws:kms:eu-west-1:111122223333:key/k', this.#word()])],
      ['encryptionAlgorithm', 'SYMMETRIC_DEFAULT'],
    ];
    if (this.#chance(0.7)) members.unshift(['encryptionContext', this.#context()]);
    if (this.#odd(0.3)) members.push(['encryptionContext', this.#context()]);
    if (this.#odd(0.5)) members.push(['nested', new Members([['encryptionContext', this.#any()]])]);
    if (this.#odd(1)) this.#shuffle(members);
    return new Members(members);
  }

  /** What events of other services are about. */
  #subject(): unknown {
    const named = [
      'bucketName',
      'key',
      'secretId',
      'secretIdList',
      'names',
      'snapshotId',
      'roleArn',
    ];
    const values = () => this.#pick([this.#word(), this.#word(), [this.#word()], this.#any()]);
    return new Members(named.filter(() => this.#chance(0.5)).map((name) => [name, values()]));
  }

  #context(): unknown {
    if (this.#odd(0.3)) return this.#any();
    const word = this.#word();
    return this.#pick([
      new Members([['aws:s3:arn', `arn:aws:s3:::bucket-${this.#below(3)}/${word}`]]),
      new Members([['aws:s3:arn', `arn:aws:s3:::bucket-${this.#below(3)}`]]),
      new Members([['aws:ebs:id', 'vol-0123456789abcdef0']]),
      new Members([
        [this.#word(), word],
        ['7', word],
        ['1', word],
      ]),
      new Members([]),
    ]);
  }

  #time(): unknown {
    if (!this.#odd(0.3))
      return new Date((1.6e9 + this.#below(2e8)) * 1000).toISOString().replace('.000Z', 'Z');
    return this.#pick([
      '2025-02-29T00:00:00Z',
      '2024-02-29T23:59:59Z',
      '2025-13-01T00:00:00Z',
      '2025-01-01T24:00:00Z',
      '2025-01-01T00:00:60Z',
      '2025-01-01T00:00:00.000Z',
      '2025-01-01 00:00:00',
      '1969-12-31T23:59:59Z',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
      null,
      1735689600,
      this.#word(),
    ]);
  }

  #id(): unknown {
    const hex = (n: number) =>
      Array.from({ length: n }, () => this.#below(16).toString(16)).join('');
    const id = [8, 4, 4, 4, 12].map(hex).join('-');
    if (!this.#odd(0.3)) return id;
    return this.#pick([
      id.toUpperCase(),
      id.slice(1),
      `${id}0`,
      id.replaceAll('-', '0'),
      id.replace('-', 'g'),
      '',
      null,
      this.#word(),
    ]);
  }

  #source(): unknown {
    if (!this.#odd(0.3))
      return this.#pick([
        's3.amazonaws.com',
        'sts.amazonaws.com',
        'ec2.amazonaws.com',
        'secretsmanager.amazonaws.com',
      ]);
    return this.#pick([
      'aws:s3',
      'KMS.amazonaws.com',
      'xkms.amazonaws.com',
      'kms.amazonaws.com ',
      '.amazonaws.com',
      '',
      null,
      5,
      [],
      this.#word(),
    ]);
  }

  #any(): unknown {
    if (this.#chance(0.1))
      return new Digits(this.#pick(['1e400', '-0', '123456789012345678901234567890', '0.1e-7']));
    if (this.#chance(0.1)) return ['{"[', '}', ']', '\\', '"', '\\"', '\u2028', '\ud800', '\u0000'];
    return this.#pick(this.#ingredients.values) ?? null;
  }

  #word(): string {
    return this.#pick(this.#ingredients.words) ?? 'w';
  }

  #value(value: unknown, odd = true): string {
    if (value instanceof Members) return this.#object(value.list, odd);
    if (value instanceof Digits) return value.text;
    if (typeof value === 'string') return this.#string(value, odd);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#space() + this.#value(item) + this.#space());
      return `[${items.join(',') || this.#space()}]`;
    }
    if (typeof value === 'object' && value !== null)
      return this.#object(Object.entries(value), odd);
    return JSON.stringify(value) ?? 'null';
  }

  #object(members: readonly [string, unknown][], odd: boolean): string {
    const texts = members.map(
      ([key, value]) =>
        `${this.#space()}${this.#string(key, odd)}${this.#space()}:${this.#space()}${this.#value(value)}${this.#space()}`,
    );
    return `{${texts.join(',') || this.#space()}}`;
  }

  #string(text: string, odd: boolean): string {
    if (!odd || !this.#odd(0.2)) return JSON.stringify(text);
    const units = Array.from({ length: text.length }, (_, i) => {
      if (this.#chance(0.2)) return `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`;
      if (text[i] === '/' && this.#chance(0.5)) return '\\/';
      return null;
    });
    // An unescaped half of a pair would be no UTF-8: then all is escaped.
    if (/[\ud800-\udfff]/.test(text))
      return JSON.stringify(text).replace(/[^\x20-\x7e]/g, escapeUnit);
    return `"${units.map((unit, i) => unit ?? JSON.stringify(text[i]).slice(1, -1)).join('')}"`;
  }

  #space(): string {
    if (!this.#odd(0.3)) return '';
    return this.#pick([' ', '\n', '\t', '\r\n', '  ', ' '.repeat(this.#below(90))]);
  }

  #odd(weight: number): boolean {
    return this.#chance(weight * this.#oddness);
  }

  #chance(p: number): boolean {
    return this.#below(1 << 24) < p * (1 << 24);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }

  #shuffle(items: unknown[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.#below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
  }

  /** xorshift32 with a golden-ratio step, so that seed 0 works too. */
  #below(n: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return n === 0 ? 0 : ((x ^ (x >>> 15)) >>> 0) % n;
  }
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
