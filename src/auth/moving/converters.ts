// What other systems export, as rows of people. Each knows one documented shape; what it has no use for is left out.
import { z } from '#kernel/schema.ts'
import { auth0 } from './systems/auth0.ts'
import { firebase } from './systems/firebase.ts'
import { keycloak } from './systems/keycloak.ts'
import { ninefold } from './systems/ninefold.ts'
import { supabase } from './systems/supabase.ts'

export const converters = { ninefold, keycloak, auth0, supabase, firebase } as const

export const sourceSystems = z.enum(['ninefold', 'keycloak', 'auth0', 'supabase', 'firebase'])
