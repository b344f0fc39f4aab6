/** An event whose default can be prevented, with whatever else it tells. */
export class Preventable {
  prevented = false

  preventDefault(): void {
    this.prevented = true
  }
}
