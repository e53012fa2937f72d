// One format of exports.
import type { ResourceObject } from '../../contract.ts'

export interface Writer {
  readonly begin: string
  readonly end: string
  object(object: ResourceObject, isFirst: boolean): string
}
