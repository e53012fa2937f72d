// A driver of somebody else's, by what the package exports: nothing here knows the inside of the platform.
import { engineContract } from 'ninefold/database/contract-suite'
import { createMapEngine } from '../fixtures/driver-map.ts'

engineContract('a driver in a Map', ({ place }) => createMapEngine(place))
