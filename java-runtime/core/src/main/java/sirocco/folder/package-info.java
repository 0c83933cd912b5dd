/**
 * Model folders in diffusers' layouts: which components a folder has, which files hold their weights, and what the folder says about classes. Nothing here knows
 * a network or a scheduler.
 */
package sirocco.folder;
