// What somebody imports who writes a driver for another database (docs/drivers.md). The suite that it is tested with is "ninefold/database/contract-suite".
export type {
  Collection,
  CountQuery,
  Database,
  DatabaseCapabilities,
  DatabasePlan,
  Page,
  Query,
  SearchQuery,
  Stored,
  StoredEvent,
  Subscription,
  Tail,
} from './contract.ts'
export { unusable } from './cursor.ts'
export { createDatabase, type DatabaseParts } from './database.ts'
export { databaseErrors } from './errors.ts'
export type { CollectionLayout, Declared, FieldLayout, IndexLayout, ScalarKind } from './layout.ts'
export { refuseUnknown } from './marks.ts'
export type {
  Awaitable,
  Body,
  Consumer,
  Engine,
  EventRow,
  EventStore,
  Load,
  Mark,
  NamedRow,
  Plan,
  Row,
  Scalar,
  Snapshot,
  Step,
  Stretch,
  TermSearch,
  WholeRow,
  WriteAnswer,
  WriteRequest,
} from './ports.ts'
export type { Logger } from '#kernel/log.ts'
