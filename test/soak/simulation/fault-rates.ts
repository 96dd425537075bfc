/** The probability of each kind of fault, per question, frame or step. */
export interface FaultRates {
  /** The connection is lost after questions were sent. */
  readonly questionLost: number
  /** The connection is lost before or after a step. */
  readonly stepLost: number
  /** Only the shell of a frame ends; the connection remains. */
  readonly shellLost: number
  /** After a lost connection, the host carries out the rest of the frame. */
  readonly frameContinues: number
  /** After a lost connection, the machine is unreachable for a while. */
  readonly staysDown: number
  readonly stepFails: number
  readonly slow: number
}

export const noFaults: FaultRates = {
  questionLost: 0,
  stepLost: 0,
  shellLost: 0,
  frameContinues: 0,
  staysDown: 0,
  stepFails: 0,
  slow: 0,
}
