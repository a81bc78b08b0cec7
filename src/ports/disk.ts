// The small durable state of an agent or router: one JSON value per name.

export interface Disk {
  /** "torn" when what is stored fails its checksum: never half a value. */
  read(
    name: string,
  ): Promise<
    | { readonly kind: "value"; readonly value: unknown }
    | { readonly kind: "absent" }
    | { readonly kind: "torn"; readonly why: string }
  >;
  /** Durable on return (written aside, synced, renamed, folder synced). Throws with a plain sentence when the disk is full or gone. */
  write(name: string, value: unknown): Promise<void>;
}
