/** What main's shim and the shim of a utility process say to each other over the channel of `fork`, which clones as ports do. */
export type ChildFrame =
  | { readonly kind: 'message'; readonly data: unknown; readonly ports: readonly number[] }
  | { readonly kind: 'port-message'; readonly port: number; readonly data: unknown }
  | { readonly kind: 'port-close'; readonly port: number }
