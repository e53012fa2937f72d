// JSON values: the only data, beside web streams, that crosses a contract.

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }
