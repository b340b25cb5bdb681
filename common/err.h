/* Every failure a function of this project reports, with one text and one
 * HTTP status for each (docs/protocol.md, section 2; docs/api/openapi.yaml).
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/*
 * X(code, slug, status, title).  The slug is what clients see after
 * "urn:counterfoil:"; several codes may share one where the difference is
 * nobody's business but the log's.  A conflict such as ALREADY_OWNED is an
 * answer, not a failure, and stands here all the same.
 */
#define ERR_TABLE(X) \
	X(OK, "ok", 200, "No error") \
	/* what the gate and the router say */ \
	X(MALFORMED_REQUEST, "malformed-request", 400, \
	    "The request is malformed or ambiguous") \
	X(MALFORMED_URL, "malformed-url", 400, \
	    "The URL is not of the one accepted form") \
	X(NOT_FOUND, "not-found", 404, "No such resource") \
	X(METHOD_NOT_ALLOWED, "method-not-allowed", 405, \
	    "The resource does not take this method") \
	X(LENGTH_REQUIRED, "length-required", 411, \
	    "A Content-Length is needed") \
	X(TOO_LARGE, "too-large", 413, "The body is too large") \
	X(UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", 415, \
	    "The content type is not one this resource takes") \
	X(EXPECTATION_FAILED, "expectation-failed", 417, \
	    "Only Expect: 100-continue is understood") \
	X(BUSY, "busy", 503, "Too much to do; try again shortly") \
	/* JSON and parameters */ \
	X(MALFORMED_JSON, "malformed-json", 400, \
	    "The body is not acceptable JSON") \
	X(UNKNOWN_MEMBER, "unknown-member", 400, \
	    "A member or parameter is unknown or repeated") \
	X(WRONG_TYPE, "wrong-type", 400, \
	    "A member is missing or of the wrong type") \
	X(OUT_OF_RANGE, "out-of-range", 400, "A value is out of range") \
	X(MALFORMED_CURSOR, "malformed-cursor", 400, \
	    "The cursor is not one this server gave") \
	/* storage: protocol.md, section 2 */ \
	X(TOKEN_MISSING, "token-missing", 401, "A security token is needed") \
	X(TOKEN_REFUSED, "token-refused", 403, \
	    "The security token does not fit this request") \
	X(TOKEN_EXPIRED, "token-expired", 410, \
	    "The security token has expired") \
	X(OBJECT_NOT_FOUND, "object-not-found", 404, "No such object") \
	X(DIGEST_MISMATCH, "digest-mismatch", 422, \
	    "The body is not the object that the URL names") \
	X(STORAGE_FULL, "storage-full", 507, "No space left to store it") \
	X(OFFSET_MISMATCH, "offset-mismatch", 409, \
	    "The piece does not continue what is held") \
	X(PRECONDITION_FAILED, "precondition-failed", 412, \
	    "The precondition does not hold") \
	X(RANGE_NOT_SATISFIABLE, "range-not-satisfiable", 416, \
	    "No part of that range exists") \
	X(STORAGE_ERROR, "storage-error", 500, \
	    "The storage reported an error") \
	/* sessions, accounts, the shop's people */ \
	X(SESSION_MISSING, "session-missing", 401, "Sign in first") \
	X(SESSION_EXPIRED, "session-expired", 401, \
	    "The session has ended; sign in again") \
	X(SIGN_IN_REFUSED, "sign-in-refused", 401, \
	    "E-mail address or password is wrong") \
	X(ADMIN_TOKEN_REFUSED, "admin-token-refused", 401, \
	    "The admin token is missing or wrong") \
	X(ORIGIN_REFUSED, "origin-refused", 403, \
	    "Requests from that origin are refused") \
	X(REAUTHENTICATION_REQUIRED, "reauthentication-required", 403, \
	    "Sign in again to do this") \
	X(EMAIL_MALFORMED, "email-malformed", 400, \
	    "That is not an e-mail address") \
	X(EMAIL_TAKEN, "email-taken", 409, \
	    "An account with that e-mail address exists") \
	X(PASSWORD_TOO_SHORT, "password-too-short", 400, \
	    "The password is too short") \
	X(TOO_MANY_ATTEMPTS, "too-many-attempts", 429, \
	    "Too many attempts; wait") \
	X(BALANCE_LEFT, "balance-left", 409, \
	    "The account still has a balance") \
	/* buying */ \
	X(IDEMPOTENCY_KEY_MISSING, "idempotency-key-missing", 400, \
	    "An Idempotency-Key header is needed") \
	X(IDEMPOTENCY_KEY_REUSED, "idempotency-key-reused", 409, \
	    "That Idempotency-Key was used for another request") \
	X(DUPLICATE_ITEM, "duplicate-item", 400, "An item is named twice") \
	X(ITEM_NOT_ON_SALE, "item-not-on-sale", 409, \
	    "The item is not on sale") \
	X(ALREADY_OWNED, "already-owned", 409, "Owned already") \
	X(PRICE_CHANGED, "price-changed", 409, \
	    "The total is not the expected one") \
	X(PAYMENT_REQUIRED, "payment-required", 402, \
	    "The balance is too low") \
	X(ALREADY_REFUNDED, "already-refunded", 409, "Refunded already") \
	X(NOT_REFUNDABLE, "not-refundable", 409, "That cannot be refunded") \
	X(CODE_UNKNOWN, "code-unknown", 404, "No such code") \
	X(CODE_USED, "code-used", 409, "The code was used before") \
	X(CODE_EXPIRED, "code-expired", 410, "The code has expired") \
	X(OBJECT_MISMATCH, "object-mismatch", 422, \
	    "That object is no version of the file") \
	/* publishing */ \
	X(NOT_PUBLISHABLE, "not-publishable", 409, \
	    "The item cannot be put on sale yet") \
	X(PICTURE_MALFORMED, "picture-malformed", 400, \
	    "That is not a picture this server takes") \
	/* when the machine fails */ \
	X(OUTCOME_UNKNOWN, "outcome-unknown", 500, \
	    "It is not known whether this was done") \
	X(INTERNAL, "internal", 500, "An internal error occurred") \
	X(NO_MEMORY, "busy", 503, "Out of memory") \
	X(IO, "internal", 500, "An input or output operation failed") \
	X(CRYPTO, "internal", 500, "A cryptographic operation failed") \
	X(DB, "internal", 500, "A database operation failed") \
	X(SCHEMA_NEWER, "internal", 500, \
	    "The database was written by a later release") \
	X(LOCKED, "internal", 500, "Another process uses that folder") \
	X(PERMISSIONS, "internal", 500, \
	    "The file can be read or written by others") \
	X(CONFIG, "internal", 500, "The configuration is not usable") \
	X(KEY_FILE, "internal", 500, "The key file is not usable") \
	X(ENCODING, "internal", 500, "The text is not of the encoding") \
	X(UNREACHABLE, "internal", 500, "The other host cannot be reached") \
	/* the sealed file: docs/format.md */ \
	X(SEALED_HEADER, "internal", 500, \
	    "The header of the sealed file is malformed") \
	X(SEALED_NO_MATCH, "internal", 500, \
	    "The key does not open this sealed file") \
	X(SEALED_MAC, "internal", 500, \
	    "The header of the sealed file has been altered") \
	X(SEALED_PAYLOAD, "internal", 500, \
	    "The content of the sealed file has been altered") \
	X(SEALED_TRUNCATED, "internal", 500, \
	    "The sealed file ends too early")

#define ERR_ENUM(code, slug, status, title) ERR_##code,
enum err { ERR_TABLE(ERR_ENUM) ERR__COUNT };
#undef ERR_ENUM

/* A sentence in English without a full stop; static, never NULL. */
const char *err_text(enum err e);

/* The slug of the problem type, without "urn:counterfoil:"; static. */
const char *err_slug(enum err e);

/* The HTTP status that answers e: 200 for ERR_OK, else 400 to 599. */
int err_status(enum err e);

#endif
