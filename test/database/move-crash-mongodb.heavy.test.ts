// kill -9 at every moment of a move to an engine that cannot be read as of one moment.
import { killedWhileMoving } from '../support/crashing.ts'
import { mongodb, postgres } from '../support/places.ts'

killedWhileMoving(postgres, mongodb)
