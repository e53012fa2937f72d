// HTML by tagged template: every value is escaped unless it is HTML already, so that forgetting is safe.

const brand: unique symbol = Symbol('html')

export interface Html {
  readonly [brand]: true
  toString(): string
}

export type HtmlValue = Html | string | number | boolean | undefined | null | readonly HtmlValue[]

class Markup implements Html {
  readonly [brand] = true
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** For text and for quoted attribute values; never for script, style or URLs from people. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}

function render(value: HtmlValue): string {
  if (value === undefined || value === null || value === false || value === true) return ''
  if (value instanceof Markup) return value.toString()
  if (Array.isArray(value)) return value.map(render).join('')
  return escapeHtml(String(value))
}

/** `html\`<p>${name}</p>\``: values are escaped, `undefined`, `null` and booleans vanish, arrays are joined. Quote every attribute. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? ''
  // Pages are made of hundreds of values: no pair for each of them.
  for (let index = 0; index < values.length; index += 1) text += render(values[index]) + (strings[index + 1] ?? '')
  return new Markup(text)
}

/** Marks text as HTML without escaping. Only for constants of our own source, such as a style sheet. */
export function trustedHtml(text: string): Html {
  return new Markup(text)
}

/** For what foreign code gives us as HTML. */
export function isHtml(value: unknown): value is Html {
  return value instanceof Markup
}
