// Buckets as the app definition gives them, checked all at once.
import type { BucketDefinition } from './contract.ts'

const NAME = /^[a-z][a-z0-9_-]{0,40}$/
const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]+$/

/** What is wrong with the definitions, one line each. */
export function checkBuckets(buckets: readonly BucketDefinition[]): string[] {
  const names = buckets.map((bucket) => bucket.name)
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  return [...twice.map((name) => `Two buckets are named ${name}.`), ...buckets.flatMap(checkBucket)]
}

function checkBucket(bucket: BucketDefinition): string[] {
  const problems: string[] = []
  const say = (text: string): unknown => problems.push(`Bucket ${bucket.name}: ${text}`)
  if (!NAME.test(bucket.name)) say('its name must be lower-case letters, digits, "-" and "_".')
  if (!Number.isSafeInteger(bucket.maxBytes) || bucket.maxBytes < 1) say('maxBytes must be a whole number of bytes.')
  if (bucket.accept.length === 0) say('it accepts no type at all; name the media types in "accept".')
  for (const type of bucket.accept) {
    if (!MEDIA_TYPE.test(type))
      say(`"${type}" is not a media type such as image/jpeg; wildcards are not offered, so that nothing gets in by accident.`)
  }
  return problems
}
