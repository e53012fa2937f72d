// The storage of what is never stored. Each real storage begins with it and says what it does differently.
import type { Adapter } from 'oidc-provider'

export const noStorage: Adapter = {
  async upsert() {
    throw new Error('This kind of record is not stored.')
  },
  async find() {},
  async findByUserCode() {},
  async findByUid() {},
  async consume() {
    throw new Error('This kind of record cannot be used up.')
  },
  async destroy() {},
  async revokeByGrantId() {},
}
