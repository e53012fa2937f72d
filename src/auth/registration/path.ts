// Where clients register; the metadata of the authorization server tells of it.
export const REGISTRATION_PATH = '/register'
