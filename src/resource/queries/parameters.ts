// Names of query parameters, which no field can have.

/** Of lists. Where objects can be shared, `shared` is one more. */
export const LIST_PARAMETERS: readonly string[] = ['limit', 'after', 'order', 'sort', 'fields', 'count', 'expand', 'search']
