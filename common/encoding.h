/* Text forms of bytes: hex, base64url (RFC 4648, no padding), Bech32
 * (BIP 173, as age uses it), Crockford base32.  Decoders are strict: one
 * spelling for each value, no white space, no spare bits.
 */
#ifndef COMMON_ENCODING_H
#define COMMON_ENCODING_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define HEX_SIZE(bytes) ((size_t)(bytes) * 2 + 1)	/* with the NUL */
#define BASE64URL_SIZE(bytes) (((size_t)(bytes) * 4 + 2) / 3 + 1)
#define BECH32_SIZE_MAX 128	/* prefixes up to 32, data up to 40 bytes */

/* Lower case; text takes HEX_SIZE(size) bytes with its NUL. */
void hex_encode(char *text, const uint8_t *bytes, size_t size);

/*
 * Exactly size bytes from exactly 2 * size lower-case digits, length being
 * the text's.  ERR_ENCODING else, with bytes undefined.  Upper case is
 * refused.
 */
enum err hex_decode(uint8_t *bytes, size_t size, const char *text,
    size_t length);

/* The value of one digit of either case, as after a "%"; -1. */
int hex_digit_value(char digit);

/* text takes BASE64URL_SIZE(size) bytes with its NUL. */
void base64url_encode(char *text, const uint8_t *bytes, size_t size);

/* Exactly size bytes from the one text that encodes them; else ERR_ENCODING. */
enum err base64url_decode(uint8_t *bytes, size_t size, const char *text,
    size_t length);

/*
 * prefix is lower case; text (capacity bytes) gets prefix "1" data checksum,
 * all upper case when upper is not 0.  ERR_ENCODING when it does not fit.
 */
enum err bech32_encode(char *text, size_t capacity, const char *prefix,
    const uint8_t *bytes, size_t size, int upper);

/*
 * The data of a Bech32 text with this prefix, in either case but not mixed;
 * size is exact.  ERR_ENCODING else.
 */
enum err bech32_decode(uint8_t *bytes, size_t size, const char *prefix,
    const char *text);

/*
 * How many of the first bytes of text (length > 0 of them) are one printable
 * character of UTF-8, 1 to 4.  0 when text begins with a control character
 * (C0, DEL, C1) or is not UTF-8: overlong, surrogate, beyond U+10FFFF, cut.
 */
size_t utf8_printable(const char *text, size_t length);

/* 16 characters in groups of four with hyphens (19 and a NUL), from 80 bits. */
#define CODE_BYTES 10
#define CODE_CHARACTERS 16
#define CODE_TEXT_SIZE 20
void code_encode(char text[static CODE_TEXT_SIZE],
    const uint8_t bytes[static CODE_BYTES]);

/*
 * What a person typed, to the 16 canonical characters and a NUL: case is
 * folded, O is 0, I and L are 1, hyphens and blanks anywhere are dropped.
 * ERR_ENCODING when that is no code.
 */
enum err code_normalise(char characters[static CODE_CHARACTERS + 1],
    const char *text, size_t length);

#endif
