package sirocco.data;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * What a PNG or JPEG file says of itself, read without decoding it, so that a file is refused before it costs memory. Checks that the
 * file is whole: for PNG every chunk's checksum and the end chunk, for JPEG the end marker.
 */
record ImageHeader(boolean png, int width, int height) {
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int LEAST_SIDE = 4;
    /** Most pixels that are decoded: an image of 8192 × 4096. */
    private static final long MOST_PIXELS = 1L << 25;

    /**
     * @param where how messages name the file
     * @throws DataException where it is not a whole, still PNG or JPEG of a usable size and colour
     */
    static ImageHeader of(byte[] file, String where) {
        ImageHeader header;
        if (startsWith(file, PNG)) {
            header = png(file, where);
        } else if (file.length >= 2 && u16(file, 0) == 0xFFD8) {
            header = jpeg(file, where);
        } else {
            throw new DataException(where + " is " + otherFormat(file) + ", expected PNG or JPEG; convert or remove it");
        }
        if (header.width < 1 || header.height < 1) {
            throw new DataException(where + " is corrupt: its header says " + header.width + " x " + header.height + " pixels");
        }
        if ((long) header.width * header.height > MOST_PIXELS) {
            throw new DataException(where + " says that it has " + header.width + " x " + header.height + " pixels, at most " + MOST_PIXELS
                    + " are decoded; make it smaller");
        }
        if (header.width < LEAST_SIDE || header.height < LEAST_SIDE) {
            throw new DataException(where + " has " + header.width + " x " + header.height + " pixels, expected at least " + LEAST_SIDE
                    + " each way; remove it");
        }
        return header;
    }

    private static ImageHeader png(byte[] file, String where) {
        int width = 0;
        int height = 0;
        for (int at = PNG.length; ; ) {
            if (at > file.length - 12) {
                throw truncated(where, file.length);
            }
            long length = u32(file, at);
            if (length > file.length - 12 - at) {
                throw truncated(where, file.length);
            }
            String type = new String(file, at + 4, 4, StandardCharsets.ISO_8859_1);
            CRC32 crc = new CRC32();
            crc.update(file, at + 4, (int) length + 4);
            if (crc.getValue() != u32(file, at + 8 + (int) length)) {
                throw new DataException(where + " is corrupt: the checksum of its chunk " + printable(type) + " at byte " + at
                        + " is wrong; replace or remove it");
            }
            if (at == PNG.length) {
                if (!type.equals("IHDR") || length != 13) {
                    throw new DataException(where + " is corrupt: it begins with chunk " + printable(type) + " of " + length
                            + " bytes, expected IHDR of 13");
                }
                width = (int) Math.min(Integer.MAX_VALUE, u32(file, at + 8));
                height = (int) Math.min(Integer.MAX_VALUE, u32(file, at + 12));
            } else if (type.equals("acTL")) {
                throw new DataException(where + " is an animated PNG, expected a still image; keep one frame or remove it");
            } else if (type.equals("IEND")) {
                return new ImageHeader(true, width, height);
            }
            at += 12 + (int) length;
        }
    }

    private static ImageHeader jpeg(byte[] file, String where) {
        ImageHeader header = null;
        int at = 2;
        while (true) {
            if (at > file.length - 4) {
                throw truncated(where, file.length);
            }
            if (u8(file, at) != 0xFF) {
                throw new DataException(where + " is corrupt: no JPEG marker at byte " + at + "; replace or remove it");
            }
            int marker = u8(file, at + 1);
            if (marker == 0xFF) {
                at++;
                continue;
            }
            int length = u16(file, at + 2);
            if (length < 2 || length > file.length - at - 2) {
                throw truncated(where, file.length);
            }
            // C4, C8 and CC are tables among the frame headers.
            if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
                if (length < 8) {
                    throw new DataException(where + " is corrupt: its frame header has " + length + " bytes");
                }
                int components = u8(file, at + 9);
                if (components != 1 && components != 3) {
                    throw new DataException(where + " has " + components + " colour components" + (components == 4 ? " (CMYK)" : "")
                            + ", expected 1 (grey) or 3 (RGB); convert it to RGB");
                }
                header = new ImageHeader(false, u16(file, at + 7), u16(file, at + 5));
            }
            at += 2 + length;
            if (marker == 0xDA) {
                break;
            }
        }
        if (header == null) {
            throw new DataException(where + " is corrupt: image data without a frame header; replace or remove it");
        }
        // Within image data FF is always followed by 00 or a restart marker, so FF D9 is the end and nothing else.
        for (; at < file.length - 1; at++) {
            if (u16(file, at) == 0xFFD9) {
                return header;
            }
        }
        throw truncated(where, file.length);
    }

    private static DataException truncated(String where, int length) {
        return new DataException(where + " is truncated: it ends after " + length + " bytes without the end of its image; replace or remove it");
    }

    private static String otherFormat(byte[] file) {
        if (file.length == 0) {
            return "an empty file";
        }
        String start = new String(file, 0, Math.min(16, file.length), StandardCharsets.ISO_8859_1);
        return start.startsWith("GIF8") ? "a GIF"
                : start.startsWith("BM") ? "a BMP"
                : start.startsWith("II*") || start.startsWith("MM\0*") ? "a TIFF"
                : start.startsWith("RIFF") && start.startsWith("WEBP", 8) ? "a WebP"
                : start.startsWith("ftyp", 4) ? "a HEIF, AVIF or video"
                : "of no known image format";
    }

    private static String printable(String type) {
        return type.chars().allMatch(c -> c > 32 && c < 127) ? type : "of unprintable name";
    }

    private static boolean startsWith(byte[] file, byte[] magic) {
        for (int i = 0; i < magic.length; i++) {
            if (i >= file.length || file[i] != magic[i]) {
                return false;
            }
        }
        return true;
    }

    private static int u8(byte[] file, int at) {
        return file[at] & 0xFF;
    }

    private static int u16(byte[] file, int at) {
        return u8(file, at) << 8 | u8(file, at + 1);
    }

    private static long u32(byte[] file, int at) {
        return (long) u16(file, at) << 16 | u16(file, at + 2);
    }
}
