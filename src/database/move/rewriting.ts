// Rows and steps between the layer, which knows one form of documents, and the present engine, which may have another. And rows that were read before a
// switch are not the present ones after it: their stamps say so.
import type { Body, Row, Step, WriteAnswer } from '../ports.ts'
import { inForm } from './canonical.ts'

type Form = 'text' | 'value'

export class Rewriting {
  readonly #form: Form
  #engineForm: Form
  #plain = true
  #epoch = 0

  constructor(form: Form) {
    this.#form = form
    this.#engineForm = form
  }

  begin(form: Form): void {
    this.#engineForm = form
    this.#plain = form === this.#form
  }

  change(form: Form): void {
    this.#engineForm = form
    this.#epoch += 1
    this.#plain = false
  }

  get #mark(): string {
    return `house${this.#epoch}|`
  }

  /** For a read that begins now: the engine may be another when it ends. Absent in the usual case, where nothing has to be rewritten. */
  reading(): (<T extends Row>(row: T) => T) | undefined {
    if (this.#plain) return undefined
    const mark = this.#mark
    return (row) => {
      const document: Body = inForm(row.document, this.#form)
      return { ...row, document, stamp: mark + (row.stamp ?? '') }
    }
  }

  /** The steps for the present engine, or the answer when one rests on a row that was read from another. */
  stepsIn(steps: readonly Step[]): readonly Step[] | WriteAnswer {
    if (this.#plain) return steps
    const made = new Set<string>()
    const translated: Step[] = []
    for (const [number, step] of steps.entries()) {
      const key = `${step.collection} ${step.id}`
      // A row that this very write has made has no stamp yet.
      const found = this.#stepIn(step, made.has(key))
      if (found === undefined) return { kind: 'stale', step: number }
      translated.push(found)
      made.add(key)
    }
    return translated
  }

  #stepIn(step: Step, isMade: boolean): Step | undefined {
    if (step.kind === 'delete') return step
    const document = inForm(step.document, this.#engineForm)
    if (step.kind === 'insert') return { ...step, document }
    const { stamp = '', ...rest } = step.before
    if (!stamp.startsWith(this.#mark) && !isMade) return undefined
    const own = stamp.slice(this.#mark.length)
    const before: Row = { ...rest, document: inForm(rest.document, this.#engineForm), ...(own === '' ? {} : { stamp: own }) }
    return { ...step, before, document }
  }
}
