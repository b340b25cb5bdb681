/* Values that stay text: each check returns NULL, or what to write instead. */
#include <arpa/inet.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/config_value.h"
#include "common/encoding.h"
#include "common/network.h"

static const char *
config_check_text(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t length = utf8_printable(text, left);

		if (length == 0)
			return "write UTF-8 without control characters";
		text += length;
		left -= length;
	}
	return NULL;
}

static const char *
config_check_path(const char *text)
{
	if (text[0] != '/')
		return "write an absolute path, from the / on";
	return config_check_text(text);
}

static bool
is_label_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* A host's name: labels of 1 to 63 letters, digits and inner hyphens. */
static bool
is_host_name(const char *name, size_t length)
{
	size_t label = 0;

	if (length == 0 || length > 253)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool at_edge = label == 0 || i + 1 == length ||
		    name[i + 1] == '.';

		if (name[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!is_label_character(name[i]) || label == 63 ||
		    (name[i] == '-' && at_edge))
			return false;
		label++;
	}
	return label > 0;
}

/* An address of the family, which is not NUL-terminated at its end. */
static bool
is_internet_address(int family, const char *text, size_t length)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(family, copy, address) == 1;
}

/* Where the host at the beginning of text ends; NULL when there is none. */
static const char *
host_end(const char *text)
{
	size_t length;

	if (text[0] == '[') {
		length = strcspn(text + 1, "]");
		if (text[1 + length] != ']' ||
		    !is_internet_address(AF_INET6, text + 1, length))
			return NULL;
		return text + length + 2;
	}
	length = strcspn(text, ":/");
	/* What looks like an IPv4 address has to be one. */
	if (strspn(text, "0123456789.") == length)
		return is_internet_address(AF_INET, text, length) ?
		    text + length : NULL;
	return is_host_name(text, length) ? text + length : NULL;
}

/* 1 to 65535 without a leading zero, up to the end of text. */
static bool
is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits >= 1 && digits <= 5 && text[digits] == '\0' &&
	    text[0] != '0' && strtol(text, NULL, 10) <= UINT16_MAX;
}

static const char *
config_check_address(const char *text)
{
	static const char sentence[] =
	    "write HOST:PORT, [IPV6]:PORT or unix:/PATH";
	const char *end;

	if (strncmp(text, "unix:", 5) == 0) {
		if (strlen(text + 5) >= sizeof(
		    ((struct sockaddr_un *)NULL)->sun_path))
			return "write a shorter path: a socket's has"
			    " at most 107 bytes";
		return config_check_path(text + 5);
	}
	end = host_end(text);
	if (end == NULL || *end != ':' || !is_port(end + 1))
		return sentence;
	return NULL;
}

#define ACTIVATED "systemd:"

/* A name as FileDescriptorName= of systemd.socket(5) allows. */
static const char *
config_check_listen(const char *text)
{
	const char *name = text + strlen(ACTIVATED);

	if (strncmp(text, ACTIVATED, strlen(ACTIVATED)) != 0)
		return config_check_address(text);
	for (const char *p = name; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == ':')
			return "write a name without colons and blanks"
			    " behind systemd:";
	return *name != '\0' && strlen(name) <= 255 ? NULL :
	    "write the name of a socket behind systemd:";
}

static const char *
config_check_network(const char *text)
{
	struct network network;

	return network_parse(text, &network) ? NULL : "write an address, a"
	    " network as 10.0.0.0/8 with nothing behind its prefix, or unix";
}

static bool
has_upper_case(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			return true;
	return false;
}

static const char *
config_check_origin(const char *text)
{
	static const char sentence[] =
	    "write http://HOST or https://HOST, with :PORT where it is"
	    " needed, in lower case, without a path or a / at the end";
	const char *host, *end;

	if (strncmp(text, "http://", 7) == 0)
		host = text + 7;
	else if (strncmp(text, "https://", 8) == 0)
		host = text + 8;
	else
		return sentence;
	end = host_end(host);
	if (end == NULL || has_upper_case(host) ||
	    (*end != '\0' && (*end != ':' || !is_port(end + 1))))
		return sentence;
	return NULL;
}

const char *
config_value_check(enum config_kind kind, const char *text)
{
	switch (kind) {
	case CONFIG_TEXT:
		return config_check_text(text);
	case CONFIG_PATH:
		return config_check_path(text);
	case CONFIG_ADDRESS:
		return config_check_address(text);
	case CONFIG_LISTEN:
		return config_check_listen(text);
	case CONFIG_NETWORK:
		return config_check_network(text);
	case CONFIG_ORIGIN:
		return config_check_origin(text);
	case CONFIG_BOOLEAN:
	case CONFIG_NUMBER:
	case CONFIG_SECONDS:
	case CONFIG_SIZE:
	case CONFIG_LIST:
	case CONFIG_CHOICE:
		break;
	}
	abort();	/* a table that asks for a list of these */
}
