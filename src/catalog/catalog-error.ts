/** The installation's own data is missing or broken. `message` names the file and the place in it. */
export class CatalogError extends Error {
  override readonly name = "CatalogError";
}
