// Puts the second step together: storage and decisions.
import type { Call } from '#kernel/call.ts'
import type { Database } from '../../database/contract.ts'
import type { AccountsRepository } from '../accounts/repository.ts'
import type { SecondStepReset } from '../contract.ts'
import { createSecondFactorsRepository } from './repository.ts'
import { type ResettingDependencies, resetSecondStep } from './reset.ts'
import { createSecondFactorsService, type SecondFactors, type SecondFactorsDependencies } from './service.ts'

/** Make it before the database starts, since it declares its collections. */
export function createSecondFactors(parts: Omit<SecondFactorsDependencies, 'repository'> & { readonly database: Database }): SecondFactors {
  return createSecondFactorsService({ ...parts, repository: createSecondFactorsRepository(parts.database) })
}

type ResetParts = Pick<ResettingDependencies, 'engine' | 'clock'> & { readonly database: Database; readonly repository: AccountsRepository }

/** For operators; ends sessions, so it needs the engine. */
export function secondStepReset({ database, repository, engine, clock }: ResetParts) {
  const parts: ResettingDependencies = { repository: createSecondFactorsRepository(database), accounts: repository, engine, clock }
  return (call: Call, email: string): Promise<SecondStepReset | undefined> => resetSecondStep(parts, call, email)
}
