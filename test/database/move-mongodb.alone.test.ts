// Moving house while people write, to MongoDB and from it: an engine that cannot be read as of one moment, and is slower than what is written.
import { movesBetween } from '../support/moving.ts'
import { mongodb, postgres, sqlite } from '../support/places.ts'

movesBetween(sqlite, mongodb)
movesBetween(postgres, mongodb)
movesBetween(mongodb, sqlite)
