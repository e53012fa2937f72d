// Mails in the words of the app, checked at start: a placeholder that nothing fills, or a link that is not there, is found before anybody waits for a mail.
import { type Schema, z } from '#kernel/schema.ts'
import type { OwnMail, OwnMails } from '../contract.ts'
import { LINK, placeholdersIn } from './own-words.ts'
import { MAIL_FIELDS } from './templates.ts'

const text = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^\P{Cc}*$/u, 'must be one line; make a paragraph of each')
const line = text.max(150)

const ownMail = z
  .strictObject({
    subject: line.optional(),
    preview: line.optional(),
    heading: line.optional(),
    body: z.array(text).min(1).max(30).optional(),
    button: line.optional(),
  })
  .refine((mail) => Object.keys(mail).length > 0, 'says nothing')

/** Without these a mail is of no use to anybody. */
const NEEDED = ['link', 'code'] as const

interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

function problemsOf(template: string, { body, ...lines }: OwnMail): Problem[] {
  const fields = MAIL_FIELDS.get(template)
  if (fields === undefined) return [{ path: [], message: `there is no such mail; there are ${[...MAIL_FIELDS.keys()].join(', ')}` }]
  const known = [...fields.filter((field) => field !== 'link'), 'product']
  const said = (name: string): string => `{${name}}`
  const unknown = (path: readonly (string | number)[], words: string): Problem[] =>
    placeholdersIn(words)
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path,
        message:
          name === 'link' && fields.includes('link')
            ? `the link must stand in a paragraph of its own: "${LINK}"`
            : `nothing fills ${said(name)} in this mail; there is ${known.map(said).join(', ')}`,
      }))
  const inLines = Object.entries(lines).flatMap(([name, words]) => unknown([name], words ?? ''))
  if (body === undefined) return inLines
  const inBody = body.flatMap((paragraph, index) =>
    paragraph === LINK && fields.includes('link') ? [] : unknown(['body', index], paragraph),
  )
  const everything = body.join(' ')
  const missing = NEEDED.filter((name) => fields.includes(name) && !everything.includes(said(name))).map((name) => ({
    path: ['body'],
    message: `lacks ${said(name)}, without which the mail is of no use`,
  }))
  const twice = body.filter((paragraph) => paragraph === LINK).length > 1 ? [{ path: ['body'], message: `has ${LINK} more than once` }] : []
  return [...inLines, ...inBody, ...missing, ...twice]
}

/** By language. */
export const ownMails: Schema<OwnMails[string]> = z
  .strictObject({
    mails: z.record(z.string(), ownMail),
    frame: z.strictObject({ copyLink: line.optional(), reason: text.optional() }).optional(),
  })
  .check(({ value, issues }) => {
    for (const [template, mail] of Object.entries(value.mails))
      for (const { path, message } of problemsOf(template, mail))
        issues.push({ code: 'custom', path: ['mails', template, ...path], message, input: mail })
    const odd = placeholdersIn(value.frame?.reason ?? '').find((name) => name !== 'product')
    if (odd !== undefined)
      issues.push({ code: 'custom', path: ['frame', 'reason'], message: `nothing fills {${odd}} here; there is {product}`, input: odd })
  })
