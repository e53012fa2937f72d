// The one machine that an address given by a person leads to, or a refusal in words.
import { type PinnedAddress, pinAddress } from '#kernel/http/public-address.ts'
import { transferErrors } from '../errors.ts'

export async function pin(url: URL, allowLoopback: boolean): Promise<PinnedAddress> {
  const pinned = await pinAddress(url, { loopback: allowLoopback })
  if (typeof pinned === 'string') throw transferErrors.bad_address({ detail: pinned })
  return pinned
}
