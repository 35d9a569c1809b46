import type { components } from "./openapi";

type Problem = components["schemas"]["Problem"];

/** One wrong field of a request: `field`, and what is wrong with it (`msg`). */
export type FieldError = components["schemas"]["FieldError"];

/** The kinds of failure: those that the server documents; no answer at all; and what is no answer of our server. */
export type ErrorCode = CodeOf<Problem["type"]> | "offline" | "unexpected";
type CodeOf<Type> = Type extends `/problems/${infer Code}` ? Code : never;

interface Details {
  readonly status: number;
  readonly code: ErrorCode;
  readonly fields?: readonly FieldError[];
  readonly retryAfter?: number | null;
}

/** The server may yet do what was asked, if it is asked again: no answer, overload, restart, disk full. */
const TEMPORARY = new Set([0, 408, 425, 429, 502, 503, 504, 507]);

/**
 * Why a request failed. `message` is the sentence to show as it is: the server's own `detail`, in Spanish.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0: no answer. */
  readonly status: number;
  readonly code: ErrorCode;
  /** What is wrong, field by field (422). */
  readonly fields: readonly FieldError[];
  /** Seconds that the server asks to wait; null: it does not say. */
  readonly retryAfter: number | null;

  constructor(message: string, details: Details, options?: ErrorOptions) {
    super(message, options);
    this.status = details.status;
    this.code = details.code;
    this.fields = details.fields ?? [];
    this.retryAfter = details.retryAfter ?? null;
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return TEMPORARY.has(this.status);
  }

  /** No answer: network gone, server stopped, or too slow. */
  static offline(cause: unknown): ApiError {
    const message = "Sin conexión con el servidor de la planta. Se intentará de nuevo.";
    return new ApiError(message, { status: 0, code: "offline" }, { cause });
  }

  /** What a failed answer says. `body` is its JSON; whatever it is, the result has a sentence. */
  static of(status: number, body: unknown, retryAfter: string | null): ApiError {
    const seconds = Number(retryAfter ?? Number.NaN);
    const details = { status, retryAfter: Number.isFinite(seconds) ? seconds : null };
    if (!isProblem(body)) {
      return new ApiError(`Respuesta inesperada del servidor (${status}).`, { ...details, code: "unexpected" });
    }
    const code = body.type.slice(body.type.lastIndexOf("/") + 1) as ErrorCode;
    return new ApiError(body.detail, { ...details, code, fields: body.errors ?? [] });
  }
}

/** Whether a body is a problem document (RFC 9457), as far as it is used here. */
function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { type, detail, errors } = value as Readonly<Record<string, unknown>>;
  return typeof type === "string" && typeof detail === "string" && (errors === undefined || Array.isArray(errors));
}
