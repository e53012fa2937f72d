// What app developers use to declare server-rendered pages.
import type { Schema } from '#kernel/schema.ts'
import type { ViewContext, ViewDefinition, ViewResult } from './contract.ts'

/** A view whose `form` is known by its type in `render`. */
export interface View<Form> extends Omit<ViewDefinition, 'form' | 'render'> {
  readonly form?: Schema<Form>
  render(context: ViewContext<Form>): Promise<ViewResult>
}

/**
 * Declares a page that works without script. A POST gives its `form` schema and, as a rule, answers with a redirect, so that going back or
 * reloading never sends it again.
 */
export function view<Form = undefined>(definition: View<Form>): ViewDefinition {
  const { method, path, form } = definition
  if (!path.startsWith('/')) throw new Error(`The view ${path} needs a path that begins with a slash`)
  if (method === 'POST' && form === undefined) throw new Error(`The view POST ${path} needs a form schema`)
  if (method === 'GET' && form !== undefined) throw new Error(`The view GET ${path} cannot have a form: a GET changes nothing`)
  return definition
}
