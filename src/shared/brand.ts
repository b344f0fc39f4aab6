declare const brand: unique symbol

/** A type that differs from its base only for the compiler, so that a node id is never passed where an address is meant. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }
