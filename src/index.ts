// What an app developer imports: everything that a `ninefold.config.ts` needs, and nothing else.
export { type AppDefinition, type AppEnvironment, defineApp } from './app.ts'
export type {
  AuthHookContext,
  AuthHooks,
  PersonHookContext,
  SignedInPerson,
  SignInAnswer,
  SignUpAnswer,
  SignUpDraft,
  TokenAnswer,
  TokenRequest,
} from './auth/hooks/contract.ts'
export type { OwnDataEntry, OwnDataHook } from './auth/own-data/contract.ts'
export type { LegacyFindHook, LegacyFound, LegacyHook, LegacyPerson, LegacyQuestion, PersonRow } from './auth/moving/contract.ts'
export type { UpstreamDefinition } from './auth/upstream/contract.ts'
export type { AuthDefinition, WebhookDefinition } from './auth/contract.ts'
export type { ClientAuthentication, ClientDefinition, ClientLifetimes, ProtectedResourceDefinition } from './auth/clients/contract.ts'
export type { ChallengeDefinition } from './auth/guard/contract.ts'
export type { PageDetails, PageViewV1, ThemeDefinition } from './auth/theme/contract.ts'
export type { OrganisationsDefinition, RoleDefinition } from './auth/organisations/contract.ts'
export type { BucketDefinition } from './files/contract.ts'
export type { OwnMail, OwnMails } from './jobs/contract.ts'
export type { FrontendDefinition, ViewContext, ViewDefinition, ViewResult } from './frontend/contract.ts'
export { view } from './frontend/definition.ts'
export type { Call, Principal } from './kernel/call.ts'
export { type Html, html } from './kernel/html.ts'
export { type JobContext, type JobDefinition, job, jobRequested } from './kernel/job.ts'
export { defineErrors } from './kernel/errors.ts'
export { z } from './kernel/schema.ts'
export type { AccessGrant, HookContext, ResourceDefinition, ResourceObject, ResourceRoute, Resources } from './resource/contract.ts'
export { resource, resourceRoute } from './resource/definition.ts'
export type { TypedResource } from './resource/typed.ts'
