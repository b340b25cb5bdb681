/* Numbers as files have them. */
#ifndef COMMERCED_MEDIA_BYTES_H
#define COMMERCED_MEDIA_BYTES_H

#include <stdint.h>

/* The most significant byte first. */
uint32_t bytes_be16(const uint8_t bytes[static 2]);
uint32_t bytes_be24(const uint8_t bytes[static 3]);
uint32_t bytes_be32(const uint8_t bytes[static 4]);
uint64_t bytes_be64(const uint8_t bytes[static 8]);
/* The least significant byte first. */
uint32_t bytes_le16(const uint8_t bytes[static 2]);
uint32_t bytes_le24(const uint8_t bytes[static 3]);
uint32_t bytes_le32(const uint8_t bytes[static 4]);
uint64_t bytes_le64(const uint8_t bytes[static 8]);

#endif
