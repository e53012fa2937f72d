// kill -9 at every moment of a move: no answered write is lost, the next start knows where the data is and says so, and the move can be done again.
import { killedWhileMoving } from '../support/crashing.ts'
import { postgres, sqlite } from '../support/places.ts'

killedWhileMoving(sqlite, sqlite)
killedWhileMoving(sqlite, postgres)
