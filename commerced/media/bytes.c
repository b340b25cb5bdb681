#include "commerced/media/bytes.h"

uint32_t
bytes_be16(const uint8_t bytes[static 2])
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

uint32_t
bytes_be24(const uint8_t bytes[static 3])
{
	return (uint32_t)bytes[0] << 16 | bytes_be16(bytes + 1);
}

uint32_t
bytes_be32(const uint8_t bytes[static 4])
{
	return bytes_be16(bytes) << 16 | bytes_be16(bytes + 2);
}

uint64_t
bytes_be64(const uint8_t bytes[static 8])
{
	return (uint64_t)bytes_be32(bytes) << 32 | bytes_be32(bytes + 4);
}

uint32_t
bytes_le16(const uint8_t bytes[static 2])
{
	return (uint32_t)bytes[1] << 8 | bytes[0];
}

uint32_t
bytes_le24(const uint8_t bytes[static 3])
{
	return (uint32_t)bytes[2] << 16 | bytes_le16(bytes);
}

uint32_t
bytes_le32(const uint8_t bytes[static 4])
{
	return bytes_le16(bytes + 2) << 16 | bytes_le16(bytes);
}

uint64_t
bytes_le64(const uint8_t bytes[static 8])
{
	return (uint64_t)bytes_le32(bytes + 4) << 32 | bytes_le32(bytes);
}
