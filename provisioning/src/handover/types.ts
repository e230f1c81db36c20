/** A meter as it was at hand-over. */
export interface HandoverMeter {
  readonly role: "connection" | "generator";
  /** As `powershare profile list` prints it. */
  readonly profile: string;
  readonly serialNumber: string;
  readonly fuseA: number;
  readonly phases: 1 | 3;
  /** Most that may flow, where it is less than what fuse and phases allow. */
  readonly limitW?: number;
  /** Registers as the meter sent them, and as the installer read them from its display. */
  readonly registers: {
    readonly at: string;
    readonly importWh: number;
    readonly exportWh: number;
    readonly displayImportKwh: string;
    readonly displayExportKwh: string;
  };
}

/** The page that stays with a household: what was installed, and what to do with it. */
export interface HandoverPage {
  readonly language: "en" | "pt";
  readonly participant: string;
  readonly device: string;
  /** Of the hand-over, ISO 8601. */
  readonly at: string;
  readonly meters: readonly HandoverMeter[];
  readonly storage: "none" | "ac" | "dc";
  readonly ev: boolean;
  /** Rounded to a tenth of a degree. */
  readonly place?: { readonly latitude: number; readonly longitude: number };
  readonly pv?: {
    readonly peakW: number;
    readonly azimuthDeg: number | null;
    readonly tiltDeg: number | null;
  };
  readonly sealNumber?: string;
  /** Outcome of the sign test of the wiring. */
  readonly signTest: "passed" | "failed" | "not-done";
  readonly operator: {
    /** Name, telephone or address of a person. */
    readonly contact: string;
    readonly registrar: string;
  };
  /** Address at which the household opens its page. */
  readonly pageUrl: string;
}
