import type { Message } from './state.ts';
import type { Situation } from './situation.ts';

/** The message of a situation that began or ended. */
export function alertMessage(
  situation: Omit<Situation, 'kind'>,
  status: 'firing' | 'resolved',
  at: Date,
  base_url: string | undefined,
): Message {
  const { rule, summary, severity, labels, since, link } = situation;
  const isOver = status === 'resolved';
  return {
    title: isOver
      ? `Resolved: ${rule}`
      : `${severity === 'critical' ? 'Critical' : 'Warning'}: ${rule}`,
    text: isOver ? `No longer the case: ${summary}` : summary,
    severity: isOver ? 'info' : severity,
    fields: { ...labels, since },
    link: base_url === undefined ? null : new URL(link, base_url).href,
    at: at.toISOString(),
    html: null,
  };
}

/** Text that no chat takes for markup, a mention or a link of its own. */
const plain = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slackBody(message: Message): unknown {
  const fields = Object.entries(message.fields).slice(0, 10);
  return {
    text: plain(`${message.title}: ${message.text}`),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: message.title.slice(0, 150) } },
      { type: 'section', text: { type: 'plain_text', text: message.text.slice(0, 2_900) } },
      ...(fields.length === 0
        ? []
        : [
            {
              type: 'section',
              fields: fields.map(([name, value]) => ({
                type: 'plain_text',
                text: `${name}: ${value}`.slice(0, 1_900),
              })),
            },
          ]),
      ...(message.link === null
        ? []
        : [
            {
              type: 'actions',
              elements: [
                { type: 'button', text: { type: 'plain_text', text: 'Open' }, url: message.link },
              ],
            },
          ]),
    ],
  };
}

/** https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
export function teamsBody(message: Message): unknown {
  const facts = Object.entries(message.fields).map(([title, value]) => ({ title, value }));
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            {
              type: 'TextBlock',
              text: inert(message.title),
              weight: 'Bolder',
              size: 'Medium',
              wrap: true,
            },
            { type: 'TextBlock', text: inert(message.text), wrap: true },
            {
              type: 'FactSet',
              facts: facts.map(({ title, value }) => ({ title, value: inert(value) })),
            },
          ],
          actions:
            message.link === null
              ? []
              : [{ type: 'Action.OpenUrl', title: 'Open', url: message.link }],
        },
      },
    ],
  };
}

/** Adaptive Cards read Markdown in text. */
const inert = (text: string) => text.replace(/[\\`*_{}[\]()#+\-.!|>~]/g, (mark) => `\\${mark}`);

/** A message as plain text, for mail and SNS. */
export function textBody(message: Message): string {
  const fields = Object.entries(message.fields).map(([name, value]) => `${name}: ${value}`);
  return [message.text, '', ...fields, ...(message.link ? ['', message.link] : [])].join('\n');
}
