// Moving house while people write, between SQLite and PostgreSQL.
import { movesBetween } from '../support/moving.ts'
import { postgres, sqlite } from '../support/places.ts'

movesBetween(sqlite, sqlite)
movesBetween(sqlite, postgres)
movesBetween(postgres, sqlite)
