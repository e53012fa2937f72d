// Puts the second step together: storage and decisions.
import type { Database } from '../../database/contract.ts'
import { createSecondFactorsRepository } from './repository.ts'
import { createSecondFactorsService, type SecondFactors, type SecondFactorsDependencies } from './service.ts'

/** Make it before the database starts, since it declares its collections. */
export function createSecondFactors(parts: Omit<SecondFactorsDependencies, 'repository'> & { readonly database: Database }): SecondFactors {
  return createSecondFactorsService({ ...parts, repository: createSecondFactorsRepository(parts.database) })
}
