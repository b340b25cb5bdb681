/* Every failure a function of this project reports, with one text and one
 * HTTP status for each (docs/protocol.md, section 2; docs/api/openapi.yaml).
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/*
 * X(code, slug, status, title, advice).  The slug is what clients see after
 * "urn:counterfoil:"; several codes may share one where the difference is
 * nobody's business but the log's.  A conflict such as ALREADY_OWNED is an
 * answer, not a failure, and stands here all the same.
 */
#define ERR_TABLE(X) \
	X(OK, "ok", 200, "No error", \
	    "Nothing is to be done.") \
	/* what the gate and the router say */ \
	X(MALFORMED_REQUEST, "malformed-request", 400, \
	    "The request is malformed or ambiguous", \
	    "Send the request as HTTP/1.1 and this interface ask for " \
	    "it.") \
	X(MALFORMED_URL, "malformed-url", 400, \
	    "The URL is not of the one accepted form", \
	    "Use the URL exactly as it was given, byte for byte.") \
	X(NOT_FOUND, "not-found", 404, "No such resource", \
	    "Check the address; what is another's looks like what does " \
	    "not exist.") \
	X(METHOD_NOT_ALLOWED, "method-not-allowed", 405, \
	    "The resource does not take this method", \
	    "Use one of the methods in Allow.") \
	X(LENGTH_REQUIRED, "length-required", 411, \
	    "A Content-Length is needed", \
	    "Send a Content-Length instead of a chunked body.") \
	X(TOO_LARGE, "too-large", 413, "The body is too large", \
	    "Send a smaller body.") \
	X(UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", 415, \
	    "The content type is not one this resource takes", \
	    "Send the content type that this resource takes.") \
	X(EXPECTATION_FAILED, "expectation-failed", 417, \
	    "Only Expect: 100-continue is understood", \
	    "Leave the Expect field out, or say 100-continue.") \
	X(BUSY, "busy", 503, "Too much to do; try again shortly", \
	    "Repeat the request after the seconds in Retry-After.") \
	/* JSON and parameters */ \
	X(MALFORMED_JSON, "malformed-json", 400, \
	    "The body is not acceptable JSON", \
	    "Send one JSON object in UTF-8, each member once.") \
	X(UNKNOWN_MEMBER, "unknown-member", 400, \
	    "A member or parameter is unknown or repeated", \
	    "Leave out what the interface does not name.") \
	X(WRONG_TYPE, "wrong-type", 400, \
	    "A member is missing or of the wrong type", \
	    "Send every needed member with its type.") \
	X(OUT_OF_RANGE, "out-of-range", 400, "A value is out of range", \
	    "Send a value within the bounds of the interface.") \
	X(MALFORMED_CURSOR, "malformed-cursor", 400, \
	    "The cursor is not one this server gave", \
	    "Use the value of next as it was given, or start without a " \
	    "cursor.") \
	/* storage: protocol.md, section 2 */ \
	X(TOKEN_MISSING, "token-missing", 401, "A security token is needed", \
	    "Send Authorization: Bearer with the security token.") \
	X(TOKEN_REFUSED, "token-refused", 403, \
	    "The security token does not fit this request", \
	    "Use URL and token together, unchanged, with the method " \
	    "they are for; or ask the shop for new ones.") \
	X(TOKEN_EXPIRED, "token-expired", 410, \
	    "The security token has expired", \
	    "Ask the shop for fresh access to the same file and go on " \
	    "at the same byte.") \
	X(OBJECT_NOT_FOUND, "object-not-found", 404, "No such object", \
	    "Ask the shop for fresh access to the file.") \
	X(DIGEST_MISMATCH, "digest-mismatch", 422, \
	    "The body is not the object that the URL names", \
	    "Send the bytes whose SHA-256 the URL names; nothing was " \
	    "kept.") \
	X(STORAGE_FULL, "storage-full", 507, "No space left to store it", \
	    "Nothing was kept; repeat it when space has been made.") \
	X(OFFSET_MISMATCH, "offset-mismatch", 409, \
	    "The piece does not continue what is held", \
	    "Go on at the byte in Upload-Offset.") \
	X(PRECONDITION_FAILED, "precondition-failed", 412, \
	    "The precondition does not hold", \
	    "Fetch the object anew, without the condition.") \
	X(RANGE_NOT_SATISFIABLE, "range-not-satisfiable", 416, \
	    "No part of that range exists", \
	    "Ask for bytes below the size in Content-Range.") \
	X(STORAGE_ERROR, "storage-error", 500, \
	    "The storage reported an error", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	/* sessions, accounts, the shop's people */ \
	X(SESSION_MISSING, "session-missing", 401, "Sign in first", \
	    "Send Authorization: Bearer with the session token, or the " \
	    "session cookie.") \
	X(SESSION_EXPIRED, "session-expired", 401, \
	    "The session has ended; sign in again", \
	    "Sign in again with POST /v1/sessions.") \
	X(SIGN_IN_REFUSED, "sign-in-refused", 401, \
	    "E-mail address or password is wrong", \
	    "Check both, then try again.") \
	X(ADMIN_TOKEN_REFUSED, "admin-token-refused", 401, \
	    "The admin token is missing or wrong", \
	    "Send Authorization: Bearer with the token of the " \
	    "admin-token-file.") \
	X(ORIGIN_REFUSED, "origin-refused", 403, \
	    "Requests from that origin are refused", \
	    "Send the request from the shop's own pages, or with a " \
	    "session token instead of a cookie.") \
	X(REAUTHENTICATION_REQUIRED, "reauthentication-required", 403, \
	    "Sign in again to do this", \
	    "Sign in again with POST /v1/sessions, then repeat the " \
	    "request within 10 minutes.") \
	X(EMAIL_MALFORMED, "email-malformed", 400, \
	    "That is not an e-mail address", \
	    "Write the address as name@example.com.") \
	X(EMAIL_TAKEN, "email-taken", 409, \
	    "An account with that e-mail address exists", \
	    "Sign in with POST /v1/sessions, or use another address.") \
	X(PASSWORD_TOO_SHORT, "password-too-short", 400, \
	    "The password is too short", \
	    "At least 10 characters are needed.") \
	X(TOO_MANY_ATTEMPTS, "too-many-attempts", 429, \
	    "Too many attempts; wait", \
	    "Try again after the seconds in Retry-After.") \
	X(BALANCE_LEFT, "balance-left", 409, \
	    "The account still has a balance", \
	    "Spend the balance first, or give it up with ?forfeit=true.") \
	/* buying */ \
	X(IDEMPOTENCY_KEY_MISSING, "idempotency-key-missing", 400, \
	    "An Idempotency-Key header is needed", \
	    "Send a fresh random Idempotency-Key, and the same one when " \
	    "you repeat the request.") \
	X(IDEMPOTENCY_KEY_REUSED, "idempotency-key-reused", 409, \
	    "That Idempotency-Key was used for another request", \
	    "Nothing was done: use a fresh key for a new request, or " \
	    "repeat the first one byte for byte.") \
	X(DUPLICATE_ITEM, "duplicate-item", 400, "An item is named twice", \
	    "Nothing was bought: name each item once.") \
	X(ITEM_NOT_ON_SALE, "item-not-on-sale", 409, \
	    "The item is not on sale", \
	    "Nothing was bought: leave that item out.") \
	X(ALREADY_OWNED, "already-owned", 409, "Owned already", \
	    "Nothing was bought: leave out what is owned.") \
	X(PRICE_CHANGED, "price-changed", 409, \
	    "The total is not the expected one", \
	    "Nothing was bought: look at the new total and repeat with " \
	    "it.") \
	X(PAYMENT_REQUIRED, "payment-required", 402, \
	    "The balance is too low", \
	    "Nothing was bought: redeem a gift code first.") \
	X(ALREADY_REFUNDED, "already-refunded", 409, "Refunded already", \
	    "Nothing is left to refund.") \
	X(NOT_REFUNDABLE, "not-refundable", 409, "That cannot be refunded", \
	    "Refund what depends on it in the same request.") \
	X(CODE_UNKNOWN, "code-unknown", 404, "No such code", \
	    "Check the sixteen characters.") \
	X(CODE_USED, "code-used", 409, "The code was used before", \
	    "Each code works once.") \
	X(CODE_EXPIRED, "code-expired", 410, "The code has expired", \
	    "Ask who gave it for a new one.") \
	X(OBJECT_MISMATCH, "object-mismatch", 422, \
	    "That object is no version of the file", \
	    "Report object and sealed_size as the access information " \
	    "gave them.") \
	/* publishing */ \
	X(NOT_PUBLISHABLE, "not-publishable", 409, \
	    "The item cannot be put on sale yet", \
	    "Add what is missing, then publish again.") \
	X(PICTURE_MALFORMED, "picture-malformed", 400, \
	    "That is not a picture or excerpt this server takes", \
	    "Send a whole PNG, JPEG, GIF or WebP picture, or an excerpt " \
	    "of a kind that the interface names.") \
	/* when the machine fails */ \
	X(OUTCOME_UNKNOWN, "outcome-unknown", 500, \
	    "It is not known whether this was done", \
	    "Repeat the request with the same Idempotency-Key: the " \
	    "answer then tells.") \
	X(INTERNAL, "internal", 500, "An internal error occurred", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(NO_MEMORY, "busy", 503, "Out of memory", \
	    "Repeat the request after the seconds in Retry-After.") \
	X(IO, "internal", 500, "An input or output operation failed", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(CRYPTO, "internal", 500, "A cryptographic operation failed", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(DB, "internal", 500, "A database operation failed", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(SCHEMA_NEWER, "internal", 500, \
	    "The database was written by a later release", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(LOCKED, "internal", 500, "Another process uses that folder", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(PERMISSIONS, "internal", 500, \
	    "The file can be read or written by others", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(CONFIG, "internal", 500, "The configuration is not usable", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(KEY_FILE, "internal", 500, "The key file is not usable", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(ENCODING, "internal", 500, "The text is not of the encoding", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(UNREACHABLE, "internal", 500, "The other host cannot be reached", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	/* the sealed file: docs/format.md */ \
	X(SEALED_HEADER, "internal", 500, \
	    "The header of the sealed file is malformed", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(SEALED_NO_MATCH, "internal", 500, \
	    "The key does not open this sealed file", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(SEALED_MAC, "internal", 500, \
	    "The header of the sealed file has been altered", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(SEALED_PAYLOAD, "internal", 500, \
	    "The content of the sealed file has been altered", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.") \
	X(SEALED_TRUNCATED, "internal", 500, \
	    "The sealed file ends too early", \
	    "Repeat the request; if it fails again, its operator finds " \
	    "the reason in the log.")

#define ERR_ENUM(code, slug, status, title, advice) ERR_##code,
enum err { ERR_TABLE(ERR_ENUM) ERR__COUNT };
#undef ERR_ENUM

/* A sentence in English without a full stop; static, never NULL. */
const char *err_text(enum err e);

/* The slug of the problem type, without "urn:counterfoil:"; static. */
const char *err_slug(enum err e);

/* What the client is to do about it, in sentences; static, never NULL. */
const char *err_advice(enum err e);

/* The HTTP status that answers e: 200 for ERR_OK, else 400 to 599. */
int err_status(enum err e);

#endif
